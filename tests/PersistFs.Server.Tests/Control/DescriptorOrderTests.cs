using System.Net.Sockets;
using PersistFs.Engine.Image;
using PersistFs.Linux;
using PersistFs.Server.Control;
using PersistFs.Server.Failures;
using PersistFs.Server.Images;
using PersistFs.Server.Status;

namespace PersistFs.Server.Tests.Control;

/// <summary>Orders that an open file comes with, and what a save says over the socket.</summary>
public sealed class DescriptorOrderTests
{
    [Fact]
    public void Progress_and_report_of_a_save_arrive_as_they_were()
    {
        var progress = new ImageProgress("save", 1UL << 40, ulong.MaxValue);
        Assert.True(SaveLines.TryDecode(SaveLines.Encode(progress), out ImageProgress read));
        Assert.Equal(progress, read);
        var report = new ImageReport
        {
            Uuid = Guid.NewGuid(),
            TimesOpened = 7,
            SavedAt = 1_764_000_000_000_000_000,
            ImageBytes = 1UL << 41,
            DataBytes = 1UL << 40,
            Passes = 3,
            LongestPause = TimeSpan.FromMilliseconds(2.5),
            Elapsed = TimeSpan.FromSeconds(1.25),
        };
        Assert.Equal(report, SaveLines.Decode(SaveLines.Encode(report)));
        Assert.Equal(
            FailureKind.NotAnswering, Assert.Throws<FailureException>(() => SaveLines.Decode(["what"])).Kind);
        Assert.False(SaveLines.TryDecode(["save", "-1", "2"], out _));
    }

    [Fact]
    public void An_order_takes_the_open_file_that_came_with_it_and_one_without_is_refused()
    {
        string home = Directory.CreateTempSubdirectory("persistfs-order-").FullName;
        string path = Path.Combine(home, "server.sock");
        try
        {
            var handlers = new Dictionary<string, ControlHandler> { ["write"] = Write };
            using var socket = new StatusSocket(path, () => throw new InvalidOperationException(), handlers);
            string target = Path.Combine(home, "file");
            const OpenFlags Flags = OpenFlags.WriteOnly | OpenFlags.Create | OpenFlags.CloseOnExec;
            Assert.Equal(Errno.OK, Libc.Open(target, Flags, 0x180, out int opened));
            Assert.Equal("[\"done\"]", Order(path, [opened]));
            _ = Libc.Close(opened);
            Assert.Equal("through the socket", File.ReadAllText(target));
            Assert.StartsWith("[\"fail\",\"Usage\",", Order(path, []), StringComparison.Ordinal);
        }
        finally
        {
            Directory.Delete(home, recursive: true);
        }
    }

    private static string[] Write(ControlRequest order)
    {
        int file = order.TakeDescriptor();
        _ = Libc.Write(file, "through the socket"u8, out _);
        _ = Libc.Close(file);
        return [];
    }

    private static string? Order(string path, ReadOnlySpan<int> descriptors)
    {
        using var client = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        client.Connect(new UnixDomainSocketEndPoint(path));
        Assert.Equal(Errno.OK, DescriptorPassing.Send((int)client.Handle, "[\"write\"]\n"u8, descriptors));
        using var answer = new StreamReader(new NetworkStream(client));
        return answer.ReadLine();
    }
}
