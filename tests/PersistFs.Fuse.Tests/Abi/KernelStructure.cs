using PersistFs.Fuse.Abi;

namespace PersistFs.Fuse.Tests.Abi;

/// <summary>What linux/fuse.h says of a structure: for each field its name, offset and size in bytes.</summary>
internal sealed record KernelStructure(Type Type, string Name, uint Minor, int SizeInBytes, string Layout)
{
    /// <summary>Name, offset and size of each field, in order.</summary>
    public IEnumerable<(string Name, int Offset, int Size)> Fields =>
        from text in Layout.Split(' ')
        let parts = text.Split(':')
        select (parts[0], int.Parse(parts[1], null), int.Parse(parts[2], null));

    /// <summary>All of them, as of 7.45; Minor is the revision that gave a structure its present form.</summary>
    public static readonly KernelStructure[] All =
    [
        new(
            typeof(InHeader), "fuse_in_header", Minor: 38, SizeInBytes: 40,
            "len:0:4 opcode:4:4 unique:8:8 nodeid:16:8 uid:24:4 gid:28:4 pid:32:4 "
                + "total_extlen:36:2 padding:38:2"),
        new(
            typeof(OutHeader), "fuse_out_header", Minor: 31, SizeInBytes: 16,
            "len:0:4 error:4:4 unique:8:8"),
        new(
            typeof(ExtensionHeader), "fuse_ext_header", Minor: 38, SizeInBytes: 8,
            "size:0:4 type:4:4"),
        new(
            typeof(InitIn), "fuse_init_in", Minor: 36, SizeInBytes: 64,
            "major:0:4 minor:4:4 max_readahead:8:4 flags:12:4 flags2:16:4 unused:20:44"),
        new(
            typeof(InitOut), "fuse_init_out", Minor: 43, SizeInBytes: 64,
            "major:0:4 minor:4:4 max_readahead:8:4 flags:12:4 max_background:16:2 "
                + "congestion_threshold:18:2 max_write:20:4 time_gran:24:4 max_pages:28:2 "
                + "map_alignment:30:2 flags2:32:4 max_stack_depth:36:4 request_timeout:40:2 "
                + "unused:42:22"),
        new(
            typeof(NodeAttributes), "fuse_attr", Minor: 32, SizeInBytes: 88,
            "ino:0:8 size:8:8 blocks:16:8 atime:24:8 mtime:32:8 ctime:40:8 atimensec:48:4 "
                + "mtimensec:52:4 ctimensec:56:4 mode:60:4 nlink:64:4 uid:68:4 gid:72:4 rdev:76:4 "
                + "blksize:80:4 flags:84:4"),
        new(
            typeof(EntryOut), "fuse_entry_out", Minor: 31, SizeInBytes: 128,
            "nodeid:0:8 generation:8:8 entry_valid:16:8 attr_valid:24:8 entry_valid_nsec:32:4 "
                + "attr_valid_nsec:36:4 attr:40:88"),
        new(
            typeof(AttributesOut), "fuse_attr_out", Minor: 31, SizeInBytes: 104,
            "attr_valid:0:8 attr_valid_nsec:8:4 dummy:12:4 attr:16:88"),
        new(
            typeof(ForgetIn), "fuse_forget_in", Minor: 31, SizeInBytes: 8,
            "nlookup:0:8"),
        new(
            typeof(ForgetOne), "fuse_forget_one", Minor: 31, SizeInBytes: 16,
            "nodeid:0:8 nlookup:8:8"),
        new(
            typeof(BatchForgetIn), "fuse_batch_forget_in", Minor: 31, SizeInBytes: 8,
            "count:0:4 dummy:4:4"),
        new(
            typeof(GetAttributesIn), "fuse_getattr_in", Minor: 31, SizeInBytes: 16,
            "getattr_flags:0:4 dummy:4:4 fh:8:8"),
        new(
            typeof(SetAttributesIn), "fuse_setattr_in", Minor: 31, SizeInBytes: 88,
            "valid:0:4 padding:4:4 fh:8:8 size:16:8 lock_owner:24:8 atime:32:8 mtime:40:8 "
                + "ctime:48:8 atimensec:56:4 mtimensec:60:4 ctimensec:64:4 mode:68:4 unused4:72:4 "
                + "uid:76:4 gid:80:4 unused5:84:4"),
        new(
            typeof(MakeNodeIn), "fuse_mknod_in", Minor: 31, SizeInBytes: 16,
            "mode:0:4 rdev:4:4 umask:8:4 padding:12:4"),
        new(
            typeof(MakeDirectoryIn), "fuse_mkdir_in", Minor: 31, SizeInBytes: 8,
            "mode:0:4 umask:4:4"),
        new(
            typeof(RenameIn), "fuse_rename_in", Minor: 31, SizeInBytes: 8,
            "newdir:0:8"),
        new(
            typeof(Rename2In), "fuse_rename2_in", Minor: 31, SizeInBytes: 16,
            "newdir:0:8 flags:8:4 padding:12:4"),
        new(
            typeof(LinkIn), "fuse_link_in", Minor: 31, SizeInBytes: 8,
            "oldnodeid:0:8"),
        new(
            typeof(AccessIn), "fuse_access_in", Minor: 31, SizeInBytes: 8,
            "mask:0:4 padding:4:4"),
        new(
            typeof(StatxIn), "fuse_statx_in", Minor: 39, SizeInBytes: 24,
            "getattr_flags:0:4 reserved:4:4 fh:8:8 sx_flags:16:4 sx_mask:20:4"),
        new(
            typeof(StatxTime), "fuse_sx_time", Minor: 39, SizeInBytes: 16,
            "tv_sec:0:8 tv_nsec:8:4 __reserved:12:4"),
        new(
            typeof(Statx), "fuse_statx", Minor: 39, SizeInBytes: 256,
            "mask:0:4 blksize:4:4 attributes:8:8 nlink:16:4 uid:20:4 gid:24:4 mode:28:2 "
                + "__spare0:30:2 ino:32:8 size:40:8 blocks:48:8 attributes_mask:56:8 atime:64:16 "
                + "btime:80:16 ctime:96:16 mtime:112:16 rdev_major:128:4 rdev_minor:132:4 "
                + "dev_major:136:4 dev_minor:140:4 __spare2:144:112"),
        new(
            typeof(StatxOut), "fuse_statx_out", Minor: 39, SizeInBytes: 288,
            "attr_valid:0:8 attr_valid_nsec:8:4 flags:12:4 spare:16:16 stat:32:256"),
        new(
            typeof(OpenIn), "fuse_open_in", Minor: 33, SizeInBytes: 8,
            "flags:0:4 open_flags:4:4"),
        new(
            typeof(CreateIn), "fuse_create_in", Minor: 33, SizeInBytes: 16,
            "flags:0:4 mode:4:4 umask:8:4 open_flags:12:4"),
        new(
            typeof(OpenOut), "fuse_open_out", Minor: 40, SizeInBytes: 16,
            "fh:0:8 open_flags:8:4 backing_id:12:4"),
        new(
            typeof(ReleaseIn), "fuse_release_in", Minor: 31, SizeInBytes: 24,
            "fh:0:8 flags:8:4 release_flags:12:4 lock_owner:16:8"),
        new(
            typeof(FlushIn), "fuse_flush_in", Minor: 31, SizeInBytes: 24,
            "fh:0:8 unused:8:4 padding:12:4 lock_owner:16:8"),
        new(
            typeof(ReadIn), "fuse_read_in", Minor: 31, SizeInBytes: 40,
            "fh:0:8 offset:8:8 size:16:4 read_flags:20:4 lock_owner:24:8 flags:32:4 padding:36:4"),
        new(
            typeof(WriteIn), "fuse_write_in", Minor: 31, SizeInBytes: 40,
            "fh:0:8 offset:8:8 size:16:4 write_flags:20:4 lock_owner:24:8 flags:32:4 padding:36:4"),
        new(
            typeof(WriteOut), "fuse_write_out", Minor: 31, SizeInBytes: 8,
            "size:0:4 padding:4:4"),
        new(
            typeof(SynchronizeIn), "fuse_fsync_in", Minor: 31, SizeInBytes: 16,
            "fh:0:8 fsync_flags:8:4 padding:12:4"),
        new(
            typeof(AllocateIn), "fuse_fallocate_in", Minor: 31, SizeInBytes: 32,
            "fh:0:8 offset:8:8 length:16:8 mode:24:4 padding:28:4"),
        new(
            typeof(SeekIn), "fuse_lseek_in", Minor: 31, SizeInBytes: 24,
            "fh:0:8 offset:8:8 whence:16:4 padding:20:4"),
        new(
            typeof(SeekOut), "fuse_lseek_out", Minor: 31, SizeInBytes: 8,
            "offset:0:8"),
        new(
            typeof(CopyFileRangeIn), "fuse_copy_file_range_in", Minor: 31, SizeInBytes: 56,
            "fh_in:0:8 off_in:8:8 nodeid_out:16:8 fh_out:24:8 off_out:32:8 len:40:8 flags:48:8"),
        new(
            typeof(CopyFileRangeOut), "fuse_copy_file_range_out", Minor: 45, SizeInBytes: 8,
            "bytes_copied:0:8"),
        new(typeof(InterruptIn), "fuse_interrupt_in", Minor: 31, SizeInBytes: 8, "unique:0:8"),
        new(
            typeof(IoctlIn), "fuse_ioctl_in", Minor: 31, SizeInBytes: 32,
            "fh:0:8 flags:8:4 cmd:12:4 arg:16:8 in_size:24:4 out_size:28:4"),
        new(
            typeof(IoctlOut), "fuse_ioctl_out", Minor: 31, SizeInBytes: 16,
            "result:0:4 flags:4:4 in_iovs:8:4 out_iovs:12:4"),
        new(
            typeof(SetXattrIn), "fuse_setxattr_in", Minor: 33, SizeInBytes: 16,
            "size:0:4 flags:4:4 setxattr_flags:8:4 padding:12:4"),
        new(
            typeof(GetXattrIn), "fuse_getxattr_in", Minor: 31, SizeInBytes: 8,
            "size:0:4 padding:4:4"),
        new(
            typeof(GetXattrOut), "fuse_getxattr_out", Minor: 31, SizeInBytes: 8,
            "size:0:4 padding:4:4"),
        new(
            typeof(DirectoryEntry), "fuse_dirent", Minor: 31, SizeInBytes: 24,
            "ino:0:8 off:8:8 namelen:16:4 type:20:4"),
        new(
            typeof(StatFsOut), "fuse_kstatfs", Minor: 31, SizeInBytes: 80,
            "blocks:0:8 bfree:8:8 bavail:16:8 files:24:8 ffree:32:8 bsize:40:4 namelen:44:4 "
                + "frsize:48:4 padding:52:4 spare:56:24"),
        new(
            typeof(InvalidateInodeOut), "fuse_notify_inval_inode_out", Minor: 31, SizeInBytes: 24,
            "ino:0:8 off:8:8 len:16:8"),
        new(
            typeof(InvalidateEntryOut), "fuse_notify_inval_entry_out", Minor: 38, SizeInBytes: 16,
            "parent:0:8 namelen:8:4 flags:12:4"),
        new(
            typeof(DeleteOut), "fuse_notify_delete_out", Minor: 31, SizeInBytes: 24,
            "parent:0:8 child:8:8 namelen:16:4 padding:20:4"),
        new(
            typeof(PruneOut), "fuse_notify_prune_out", Minor: 45, SizeInBytes: 16,
            "count:0:4 padding:4:4 spare:8:8"),
    ];
}
