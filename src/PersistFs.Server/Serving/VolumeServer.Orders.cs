using System.Globalization;
using PersistFs.Engine.Volumes;
using PersistFs.Linux;
using PersistFs.Server.Control;
using PersistFs.Server.Failures;

namespace PersistFs.Server.Serving;

/// <summary>What a server can be told to do while it serves.</summary>
internal sealed partial class VolumeServer
{
    /// <summary>Files named in one line of progress.</summary>
    private const int FilesInLineMax = 256;

    /// <summary>What carries each order out, by its word. Each runs on a thread that is no worker's.</summary>
    private Dictionary<string, ControlHandler> Orders() => new(StringComparer.Ordinal)
    {
        [ControlVerb.Freeze] = Freeze,
        [ControlVerb.Thaw] = Thaw,
        [ControlVerb.Verify] = Verify,
        [ControlVerb.Files] = ListFiles,
        [ControlVerb.Synchronize] = Synchronize,
        [ControlVerb.Save] = Save,
        [ControlVerb.Settings] = _ => [.. options.Settings.SelectMany(setting => new[] { setting.Key, setting.Value })],
    };

    /// <summary>"files": in lines of progress, nodeid and generation of files that the kernel knows, "12:34".</summary>
    private string[] ListFiles(ControlRequest order)
    {
        FileReference[] found = new FileReference[Engine.Volumes.Tree.FilesInUseMax];
        uint cursor = 0;
        long total = 0;
        bool isMore = true;
        while (isMore)
        {
            int count = 0;
            bool isDone = Tree.Maintenance.TryDo(
                worker => isMore = Tree.Volume.DefaultTree.ListFilesInUse(worker, ref cursor, found, out count));
            if (!isDone || order.IsAbandoned) break;
            for (int first = 0; first < count; first += FilesInLineMax)
            {
                IEnumerable<FileReference> line = found[first..Math.Min(first + FilesInLineMax, count)];
                order.Progress([.. line.Select(Name)]);
            }
            total += count;
        }
        return [total.ToString(CultureInfo.InvariantCulture)];

        static string Name(FileReference file) =>
            string.Create(CultureInfo.InvariantCulture, $"{file.Inode.Value}:{file.Generation}");
    }

    /// <summary>"synchronize": brings an arena on a disk there, and does nothing for others.</summary>
    private string[] Synchronize(ControlRequest order)
    {
        Errno error = Tree.Volume.Synchronize();
        return error == Errno.OK ? [] : throw FailureException.FromSystem(Tree.Arena, "write it to its disk", error);
    }
}
