using PersistFs.Fuse.Mounts;
using PersistFs.Linux;
using Errno = PersistFs.Linux.Errno;
using OpenFlags = PersistFs.Linux.OpenFlags;
using PollEvents = PersistFs.Linux.PollEvents;

namespace PersistFs.EndToEnd.Tests.TakeOver;

/// <summary>
/// What a server does with a descriptor that a holder gives it, whatever it is: `serve` as systemd starts it.
/// </summary>
[Collection(TakeOverCollection.Name)]
public sealed class StoredDescriptorTests : IDisposable
{
    private const int Foreign = 26, ArenaInUse = 16, Busy = 21;
    private const string Impatient = "PERSISTFS_LOCK_WAIT=1s";

    private readonly HeldTree tree = new();

    public void Dispose() => tree.Dispose();

    [RootFact(ProductOnly = true)]
    public void What_is_no_connection_is_refused_and_nothing_is_touched()
    {
        Assert.Equal(Errno.OK, Libc.Open("/dev/null", OpenFlags.ReadWrite | OpenFlags.CloseOnExec, 0, out int device));
        (int exitCode, string log) = EndOf(Serve(device));
        Libc.Close(device);
        Assert.Equal(Foreign, exitCode);
        Assert.Contains("no /dev/fuse", log, StringComparison.Ordinal);
        Assert.False(File.Exists(tree.Arena));
    }

    [RootFact(ProductOnly = true)]
    public void The_connection_of_another_mount_is_refused_and_stays_as_it_is()
    {
        tree.Up();
        File.WriteAllText(tree.At("file"), "contents");
        tree.Down();
        string other = tree.Beside("other");
        Directory.CreateDirectory(other);
        int device = Mount.OpenDevice();
        Mount.Attach(device, new FuseMountOptions { Target = other, Source = "other" });
        try
        {
            (int exitCode, string log) = EndOf(Serve(device));
            Assert.Equal(Foreign, exitCode);
            Assert.Contains("is not that of the arena", log, StringComparison.Ordinal);
            Assert.Contains(MountTable.Read(), mount => mount.MountPoint == other);
            PollDescriptor[] waiting = [new(device, PollEvents.Readable)];
            Assert.Equal(Errno.OK, Libc.Poll(waiting, 0, out _));
            // Its INIT waits for whoever it belongs to.
            Assert.Equal(PollEvents.Readable, waiting[0].Returned);
        }
        finally
        {
            Libc.Close(device);
            Tool.Run("umount", "-l", other);
        }
        tree.Up();
        Assert.Equal("contents", File.ReadAllText(tree.At("file")));
    }

    [RootFact(ProductOnly = true)]
    public void A_connection_that_has_ended_is_put_away_and_the_tree_mounted_anew()
    {
        int device = Mount.OpenDevice();
        Mount.Attach(device, new FuseMountOptions { Target = tree.Root, Source = "ended" });
        Tool.Run("umount", "-l", tree.Root);
        ServesUntilUnmounted(Serve(device), "the connection that was kept has ended");
        Libc.Close(device);
    }

    [RootFact(ProductOnly = true)]
    public void A_descriptor_that_was_stored_before_its_mount_is_mounted()
    {
        int device = Mount.OpenDevice();
        int server = Serve(device);
        HeldTree.Await("mount", () => MountTable.Find(tree.Root) is not null);
        Assert.NotNull(Mount.ConnectionOf(device));
        ServesUntilUnmounted(server, "serving");
        Libc.Close(device);
    }

    [RootFact(ProductOnly = true)]
    public void An_idle_connection_is_taken_over_without_the_means_to_have_requests_sent_again()
    {
        using ConnectionDirectory idle = new();
        tree.Up();
        File.WriteAllText(tree.At("file"), "contents");
        int device = TakeConnection(tree.Server);
        MountedTree.Kill(tree.Server);
        int server = Serve(device, "PERSISTFS_WITHOUT_RESEND=1");
        // Nobody may ask the mount before it is served: it would not be idle any more.
        HeldTree.Await("server", () => File.ReadAllText(LogFile).Contains("serving", StringComparison.Ordinal));
        Assert.Equal("contents", File.ReadAllText(tree.At("file")));
        Assert.Equal(1UL, tree.Status().GetProperty("takeovers").GetUInt64());
        ServesUntilUnmounted(server, "serving");
        Assert.Single(File.ReadAllLines(LogFile), line => line.Contains("were sent again", StringComparison.Ordinal));
        Libc.Close(device);
    }

    [RootFact(ProductOnly = true)]
    public void Without_those_means_callers_that_wait_get_an_error_and_the_tree_is_mounted_anew()
    {
        tree.Up();
        File.WriteAllText(tree.At("file"), "contents");
        int device = TakeConnection(tree.Server);
        MountedTree.Kill(tree.Server);
        Task<ToolResult> waiting = Task.Run(() => Tool.Try("stat", "-f", tree.Root));
        PollDescriptor[] request = [new(device, PollEvents.Readable)];
        Assert.Equal(Errno.OK, Libc.Poll(request, 60_000, out int ready));
        Assert.Equal(1, ready);
        int server = Serve(device, "PERSISTFS_WITHOUT_RESEND=1");
        Assert.NotEqual(0, waiting.GetAwaiter().GetResult().ExitCode);
        HeldTree.Await("answer", () => tree.Try("status", tree.Root).ExitCode == 0);
        Assert.True(File.Exists(tree.At("file")));
        Assert.Equal(0UL, tree.Status().GetProperty("takeovers").GetUInt64());
        ServesUntilUnmounted(server, "cannot send requests again");
        Libc.Close(device);
    }

    [RootFact(ProductOnly = true)]
    public void Of_two_that_serve_at_once_one_goes_on_and_the_other_says_so()
    {
        int[] servers = [Serve(null, Impatient), Serve(null, Impatient)];
        OneGoesOn(servers);
    }

    [RootFact(ProductOnly = true)]
    public void Of_two_that_are_given_one_connection_one_goes_on_and_the_other_says_so()
    {
        tree.Up();
        using Descriptor held = Descriptor.Create(tree.At("held"));
        held.WriteAt(0, "contents"u8);
        int device = TakeConnection(tree.Server);
        MountedTree.Kill(tree.Server);
        int[] servers = [Serve(device, Impatient), Serve(device, Impatient)];
        Assert.Equal("contents"u8.ToArray(), held.ReadAt(0, 100));
        held.Dispose();
        Libc.Close(device);
        OneGoesOn(servers);
    }

    /// <summary>Of two servers the one that ends has left everything to the other.</summary>
    private void OneGoesOn(int[] servers)
    {
        HeldTree.Await("the end of one", () => servers.Any(server => !MountedTree.IsRunning(server)));
        int ended = servers.First(server => !MountedTree.IsRunning(server));
        (int exitCode, string log) = EndOf(ended);
        Assert.True(exitCode is ArenaInUse or Busy, $"exit code {exitCode}: {log}");
        ServesUntilUnmounted(servers.Single(server => server != ended), "serving");
    }

    /// <summary>A duplicate of the connection of a server (pidfd_getfd(2)), as a holder has it.</summary>
    private static int TakeConnection(int server)
    {
        Assert.Equal(Errno.OK, Libc.OpenProcess(server, out int process));
        int number = Directory.EnumerateFiles($"/proc/{server}/fd")
            .Where(link => new FileInfo(link).LinkTarget == "/dev/fuse")
            .Select(Path.GetFileName).Select(int.Parse!).First();
        int device = (int)Succeeds(Kernel.SystemCall3(438, process, number, 0));
        Libc.Close(process);
        Libc.SetCloseOnExec(device, closes: true);
        return device;
    }

    /// <summary>
    /// Where the kernel tells how many requests wait; systemd mounts it, and where it is missing the test does.
    /// </summary>
    private sealed class ConnectionDirectory : IDisposable
    {
        private const string Place = "/sys/fs/fuse/connections";

        private readonly bool isOurs = MountTable.Find(Place) is null;

        public ConnectionDirectory()
        {
            if (isOurs) Tool.Run("mount", "-t", "fusectl", "none", Place);
        }

        public void Dispose()
        {
            if (isOurs) Tool.Run("umount", "-l", Place);
        }
    }

    private string LogFile => tree.Beside("log");

    /// <summary>Starts `serve` with <paramref name="device"/>, if any, as the stored descriptor.</summary>
    private int Serve(int? device, params string[] environment)
    {
        Libc.Open("/dev/null", OpenFlags.ReadOnly | OpenFlags.CloseOnExec, 0, out int input);
        OpenFlags append = OpenFlags.WriteOnly | OpenFlags.Create | OpenFlags.Append | OpenFlags.CloseOnExec;
        Libc.Open(LogFile, append, 0x180, out int log);
        int stored = -1;
        if (device is { } kept) Libc.DuplicateFrom(kept, 512, out stored);
        string[] told = device is null ? [] : ["LISTEN_FDS=1", "LISTEN_FDNAMES=fuse"];
        Errno error = Libc.SpawnDetached(
            ProductBinary.Path, ["persistfs", "serve", tree.Root, "--arena", tree.Arena, "--size", "64M"],
            [.. Libc.EnvironmentStrings("NOTIFY_SOCKET"), .. told, .. environment],
            device is null ? [input, log, log] : [input, log, log, stored], blockedSignals: 0, out int process);
        Assert.Equal(Errno.OK, error);
        foreach (int descriptor in (int[])[input, log, stored]) _ = Libc.Close(descriptor);
        return process;
    }

    private (int ExitCode, string Log) EndOf(int server)
    {
        Assert.Equal(Errno.OK, Libc.WaitForExit(server, out int exitCode));
        return (exitCode, File.ReadAllText(LogFile));
    }

    private void ServesUntilUnmounted(int server, string told)
    {
        HeldTree.Await("answer", () => tree.Try("status", tree.Root).ExitCode == 0);
        File.WriteAllText(tree.At("served"), "");
        Assert.Equal(server, tree.Server);
        Tool.Run("umount", tree.Root);
        (int exitCode, string log) = EndOf(server);
        Assert.Equal(0, exitCode);
        Assert.Contains(told, log, StringComparison.Ordinal);
    }
}
