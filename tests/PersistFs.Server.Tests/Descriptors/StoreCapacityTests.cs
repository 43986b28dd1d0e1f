using PersistFs.EndToEnd.Testing;
using PersistFs.Server.Descriptors;
using PersistFs.Server.Supervision;

namespace PersistFs.Server.Tests.Descriptors;

/// <summary>What a holder has room for.</summary>
public sealed class StoreCapacityTests
{
    [Fact]
    public void The_unit_and_the_keeper_store_the_largest_arena_with_all_its_sessions()
    {
        string unit = File.ReadLines(Path.Combine(ProductBinary.RepositoryRoot, "systemd/persistfs@.service")).Single(
            line => line.StartsWith("FileDescriptorStoreMax=", StringComparison.Ordinal));
        int most = int.Parse(unit.Split('=')[1], System.Globalization.CultureInfo.InvariantCulture);
        foreach (int count in (int[])[most, DescriptorTable.CountMax])
        {
            StoreCapacity room = new(DescriptorStoreKind.Supervisor, count, ["fuse", "server"]);
            for (int index = 0; index < DescriptorName.IndexEnd; index++)
            {
                foreach (string name in (string[])[DescriptorName.Arena(index), DescriptorName.Live(index)])
                {
                    Assert.Null(room.WhyFull(name));
                    room.Add(name);
                }
            }
        }
    }

    [Fact]
    public void A_store_that_is_full_says_what_to_do_about_it()
    {
        StoreCapacity room = new(DescriptorStoreKind.Systemd, 4, ["fuse", "server", "arena-0"]);
        Assert.Null(room.WhyFull("arena-1"));
        room.Add("arena-1");
        Assert.Contains("raise FileDescriptorStoreMax=", room.WhyFull("live-0"), StringComparison.Ordinal);
        // What is there is replaced, and what the connection needs is kept free.
        Assert.Null(room.WhyFull("arena-1"));
        Assert.Null(room.WhyFull("fuse"));
        room.Remove("arena-1");
        Assert.Null(room.WhyFull("live-0"));
    }

    [Fact]
    public void Room_for_the_connection_is_left_before_it_is_there()
    {
        StoreCapacity room = new(DescriptorStoreKind.Supervisor, 3, []);
        Assert.Null(room.WhyFull("arena-0"));
        room.Add("arena-0");
        Assert.NotNull(room.WhyFull("arena-1"));
    }

    [Fact]
    public void Who_does_not_tell_is_asked_nothing_of() =>
        Assert.Null(new StoreCapacity(DescriptorStoreKind.Supervisor, null, ["arena-0"]).WhyFull("arena-1"));
}
