using PersistFs.Engine.Arenas;
using PersistFs.Engine.Testing.Model;
using PersistFs.Engine.Transactions;
using PersistFs.Engine.Volumes;
using PersistFs.Linux;
using PersistFs.Testing;

namespace PersistFs.Engine.Testing.Corruption;

/// <summary>
/// Uses a damaged tree as if nothing were wrong: names it knows, changed at random, with any answer but a dead
/// process.
/// </summary>
internal sealed class RandomUse
{
    private const int StepsMax = 30;

    private static readonly string[] Paths =
    [
        "/few", "/few/empty", "/few/short link", "/few/long link", "/few/device", "/few/10", "/few/500", "/few/2000",
        "/few/4096", "/few/30000", "/few/200000", "/few/sparse", "/few/second name", "/few/below", "/few/below/below",
        "/many", "/new", "/few/new", "/many/new", "/many/a longer name, number 7", "/many/a longer name, number 70",
        "/many/a longer name, number 300",
    ];

    private readonly VolumeUser user;
    private readonly SeededRandom random;

    public RandomUse(Volume volume, Worker worker, SeededRandom random)
    {
        user = new VolumeUser(volume, worker);
        this.random = random;
    }

    public void Run()
    {
        for (int step = 0; step < StepsMax; step++)
        {
            try
            {
                Step();
            }
            catch (ArenaCorruptException exception)
            {
                // As the server does: damage found ends changes, not reading.
                if (random.OneIn(4)) user.Volume.TurnReadOnly(exception.Message);
            }
        }
    }

    private void Step()
    {
        string path = random.Pick(Paths);
        string other = random.Pick(Paths);
        ulong offset = random.Next(0UL, 300_000);
        byte[] data = new byte[random.Next(20_000)];
        _ = random.Next(14) switch
        {
            0 => user.CreateFile(path),
            1 => user.CreateDirectory(path),
            2 => user.Unlink(path),
            3 => user.RemoveDirectory(path),
            4 => user.Rename(
                path, other, random.Pick<RenameMode>([RenameMode.Replace, RenameMode.Exchange, RenameMode.Whiteout])),
            5 => user.Link(path, other),
            6 or 7 => user.Write(path, offset, data),
            8 => user.SetSize(path, offset),
            9 => user.Allocate(path, offset, (ulong)data.Length + 1, FallocateMode.PunchHole | FallocateMode.KeepSize),
            10 => user.Allocate(path, offset, (ulong)data.Length + 1, FallocateMode.Allocate),
            11 => user.CopyRange(path, offset, other, offset, (ulong)data.Length, out _),
            12 => user.SetXattr(path, "user.large", data),
            _ => Reap(),
        };
    }

    private Errno Reap()
    {
        _ = user.Volume.ReapOrphans(user.Worker, CancellationToken.None);
        user.Volume.BalanceFrames(user.Worker);
        return Errno.OK;
    }
}
