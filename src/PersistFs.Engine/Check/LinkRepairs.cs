using System.Globalization;
using System.Text;
using PersistFs.Engine.Format;
using PersistFs.Engine.Structures;
using PersistFs.Engine.Transactions;
using PersistFs.Linux;

namespace PersistFs.Engine.Check;

/// <summary>Repairs of link counts, and of files and directories that cannot be reached.</summary>
internal static class LinkRepairs
{
    private const string HomeName = "lost+found";
    private const uint HomePermissions = 0x1C0;

    /// <summary>Makes the pending lists anew from what the inodes' records say.</summary>
    public static readonly Repair RebuildPendingLists = new(RepairStage.Pending, context =>
    {
        if (!context.IsFirst(nameof(RebuildPendingLists))) return null;
        for (int list = 0; list < Layout.PendingListCount; list++) ClearHead(context, list);
        int count = 0;
        foreach (InodeNumber inode in context.Check.AllocatedInodes("pending lists"))
        {
            if (context.Inodes.Exists(inode) && Relist(context, inode)) count++;
        }
        return $"The pending lists are made anew, with {count} inodes.";
    });

    public static Repair SetLinkCount(InodeNumber inode, uint count) => Repairs.Record(
        RepairStage.Link, inode, $"its link count is {count} now",
        (Transaction transaction, ref readonly InodeRecord record) => transaction.Set(in record.LinkCount, count));

    /// <summary>Gives an inode without a name one in /lost+found: its number.</summary>
    public static Repair Adopt(InodeNumber inode) => new(RepairStage.Link, context =>
        context.Inodes.Exists(inode) && TryAdopt(context, inode, out string name)
            ? $"Inode {inode}: put into /{HomeName} as {name}." : null);

    /// <summary>Removes the second of two names that a directory has in its own parent.</summary>
    public static Repair RemoveSecondName(InodeNumber inode) => new(RepairStage.Link, context =>
    {
        uint allowed = context.IsRoot(inode) ? 0u : 1u;
        if (context.NamesLeft(inode) <= allowed) return null;
        var parent = new InodeNumber(context.Check.RecordOf(inode).Parent);
        int skip = (int)allowed;
        if (!TryFindEntry(context, parent, inode, skip, out byte[] name)) return null;
        if (!DirectoryRepairs.TryFind(context, parent, name, out DirectorySlot slot)) return null;
        DirectoryRepairs.Remove(context, parent, in slot);
        return $"Inode {parent}: the name {NameText.Of(name)}, a further one of directory {inode}, is removed.";
    });

    /// <summary>Takes a directory that lies below itself out of there and puts it into /lost+found.</summary>
    public static Repair BreakCircle(InodeNumber inode) => new(RepairStage.Link, context =>
    {
        if (!TryFindCircle(context, inode, out InodeNumber member)) return null;
        var parent = new InodeNumber(context.Inodes.At(member).Parent);
        if (!TryFindEntry(context, parent, member, 0, out byte[] name)) return null;
        if (!DirectoryRepairs.TryFind(context, parent, name, out DirectorySlot slot)) return null;
        DirectoryRepairs.Remove(context, parent, in slot);
        // Should this be the last that is done, the next check finds it without a name.
        return TryAdopt(context, member, out string adopted)
            ? $"Inode {member}: lay below itself, and is put into /{HomeName} as {adopted}."
            : $"Inode {member}: lay below itself, and is taken out of there.";
    });

    private static bool TryAdopt(RepairContext context, InodeNumber inode, out string name)
    {
        name = "";
        if (!TryFindHome(context, out InodeNumber home)) return false;
        ref readonly InodeRecord homeRecord = ref context.Inodes.At(home);
        ref readonly InodeRecord record = ref context.Inodes.At(inode);
        byte[] bytes = FreeName(context, home, inode.ToString(), out name);
        if (context.Names.PlanAdd(home, in homeRecord, bytes, out DirectoryMap.AddPlan plan) != Errno.OK) return false;
        byte type = ModeBits.ToDirectoryEntryType(record.Mode);
        using Transaction transaction = context.Worker.Begin();
        if (!transaction.TryReserve(plan.BlockCost, SpaceLevel.Acknowledged)) return false;
        context.Names.Add(
            transaction, home, in homeRecord, in plan, bytes, DirectoryEntryHeader.TargetOf(inode, bytes.Length, type));
        if (ModeBits.IsDirectory(record.Mode))
        {
            transaction.Set(in record.Parent, home.Value);
            transaction.Set(in homeRecord.LinkCount, homeRecord.LinkCount + 1);
        }
        else
        {
            transaction.Set(in record.LinkCount, 1U);
        }
        transaction.Commit();
        return true;
    }

    /// <summary>The directory for what was found, made in the root when it is first needed.</summary>
    private static bool TryFindHome(RepairContext context, out InodeNumber home)
    {
        ref readonly InodeRecord root = ref context.Inodes.At(context.Root);
        byte[] name = Encoding.ASCII.GetBytes(HomeName);
        home = default;
        for (int attempt = 1; context.Names.TryFind(context.Root, in root, name, out DirectorySlot slot); attempt++)
        {
            home = slot.Inode;
            if (context.Inodes.Exists(home) && ModeBits.IsDirectory(context.Inodes.At(home).Mode)) return true;
            // Something else has the name: it stays where it is.
            name = Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{HomeName}-{attempt}"));
        }
        if (context.Names.PlanAdd(context.Root, in root, name, out DirectoryMap.AddPlan plan) != Errno.OK) return false;
        using Transaction transaction = context.Worker.Begin();
        if (!transaction.TryReserve(plan.BlockCost + 1, SpaceLevel.Acknowledged)) return false;
        home = CreateDirectory(transaction, context.Inodes, context.Root, HomePermissions);
        byte type = ModeBits.ToDirectoryEntryType(ModeBits.Directory);
        context.Names.Add(
            transaction, context.Root, in root, in plan, name, DirectoryEntryHeader.TargetOf(home, name.Length, type));
        transaction.Set(in root.LinkCount, root.LinkCount + 1);
        transaction.Commit();
        return true;
    }

    /// <summary>Makes an empty directory of root's, without a name.</summary>
    public static InodeNumber CreateDirectory(
        Transaction transaction, InodeTable inodes, InodeNumber parent, uint permissions)
    {
        long now = Libc.FileTimeNow();
        return inodes.Create(transaction, new InodeRecord
        {
            Mode = ModeBits.Directory | permissions,
            LinkCount = 2,
            AccessTime = now,
            ModificationTime = now,
            ChangeTime = now,
            BirthTime = now,
            Generation = transaction.Worker.NextGeneration(),
            ContentsWord = ContentsWord.Create(ContentsKind.Directory, 0).Value,
            Parent = parent.Value,
        });
    }

    private static byte[] FreeName(RepairContext context, InodeNumber home, string wanted, out string name)
    {
        name = wanted;
        byte[] bytes = Encoding.ASCII.GetBytes(name);
        for (int attempt = 1; DirectoryRepairs.TryFind(context, home, bytes, out _); attempt++)
        {
            name = string.Create(CultureInfo.InvariantCulture, $"{wanted}-{attempt}");
            bytes = Encoding.ASCII.GetBytes(name);
        }
        return bytes;
    }

    /// <summary>Finds the name of an inode in a directory.</summary>
    /// <param name="context">What repairs work with.</param>
    /// <param name="directory">Where.</param>
    /// <param name="inode">What the name leads to.</param>
    /// <param name="skip">How many such names to pass over.</param>
    /// <param name="name">Receives the name.</param>
    private static bool TryFindEntry(
        RepairContext context, InodeNumber directory, InodeNumber inode, int skip, out byte[] name)
    {
        name = [];
        if (!context.Inodes.Exists(directory) || !ModeBits.IsDirectory(context.Inodes.At(directory).Mode)) return false;
        ref readonly InodeRecord record = ref context.Inodes.At(directory);
        Span<ulong> keys = context.Worker.ListKeys;
        Span<ushort> positions = context.Worker.ListPositions;
        ulong after = 0;
        while (true)
        {
            int count = context.Names.Collect(
                directory, in record, ref after, keys, positions, out DirectoryPath path);
            if (count == 0) return false;
            DirectoryLeaf leaf = context.Names.LeafAt(directory, in path);
            for (int index = 0; index < count; index++)
            {
                if (leaf.EntryAt(positions[index]).Inode != inode || skip-- > 0) continue;
                name = leaf.NameAt(positions[index]).ToArray();
                return true;
            }
        }
    }

    /// <summary>
    /// Finds a directory to which the way up from another leads twice. No directory is passed in two searches.
    /// </summary>
    private static bool TryFindCircle(RepairContext context, InodeNumber inode, out InodeNumber member)
    {
        var passed = new HashSet<InodeNumber>();
        member = inode;
        while (context.Inodes.Exists(member) && context.IsFirst(nameof(BreakCircle), member.Value))
        {
            passed.Add(member);
            member = new InodeNumber(context.Inodes.At(member).Parent);
        }
        return passed.Contains(member);
    }

    private static void ClearHead(RepairContext context, int list)
    {
        ref readonly ulong head = ref context.Arena.At<ulong>(
            new ArenaPointer(Layout.PendingListsOffset + (ulong)(list * Layout.PendingListStrideInBytes)));
        if (head == 0) return;
        using Transaction transaction = context.Worker.Begin();
        transaction.Set(in head, 0UL);
        transaction.Commit();
    }

    /// <summary>Takes what a record says of a list away, and puts the inode on its list if it belongs there.</summary>
    /// <returns>Whether it does.</returns>
    private static bool Relist(RepairContext context, InodeNumber inode)
    {
        ref readonly InodeRecord record = ref context.Inodes.At(inode);
        var word = new ContentsWord(record.ContentsWord);
        bool belongs = record.LinkCount == 0 || word.NeedsTrim;
        if (!belongs && !word.IsPending && record.PendingNext == 0 && record.PendingPrevious == 0) return false;
        using Transaction transaction = context.Worker.Begin();
        RecordRepairs.ClearPendingLinks(transaction, in record);
        transaction.Set(in record.ContentsWord, word.WithPending(listed: false, trim: false).Value);
        if (belongs) context.Pending.Add(transaction, inode, word.NeedsTrim);
        transaction.Commit();
        return belongs;
    }
}
