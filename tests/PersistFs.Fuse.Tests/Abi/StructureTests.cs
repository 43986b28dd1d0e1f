using System.Diagnostics;
using System.Globalization;
using System.Reflection;
using System.Runtime.InteropServices;
using System.Text;
using PersistFs.Fuse.Abi;

namespace PersistFs.Fuse.Tests.Abi;

/// <summary>The structures are the kernel's, field for field.</summary>
public sealed class StructureTests(ITestOutputHelper output)
{
    public static TheoryData<string> Names => new(KernelStructure.All.Select(structure => structure.Name));

    [Theory, MemberData(nameof(Names))]
    public void A_structure_has_the_kernels_fields_in_the_kernels_order(string name)
    {
        KernelStructure structure = KernelStructure.All.Single(candidate => candidate.Name == name);
        (int, int)[] ours =
            [.. from field in structure.Type.GetFields(BindingFlags.Instance | BindingFlags.Public)
                orderby field.MetadataToken
                select ((int)Marshal.OffsetOf(structure.Type, field.Name), SizeOf(field.FieldType))];

        Assert.Equal(structure.Fields.Select(field => (field.Offset, field.Size)), ours);
        Assert.Equal(structure.SizeInBytes, Marshal.SizeOf(structure.Type));
    }

    [Fact]
    public void Every_structure_of_the_protocol_is_compared()
    {
        IEnumerable<string> ours = typeof(InHeader).Assembly.GetTypes()
            .Where(type => type is { IsValueType: true, IsEnum: false, IsNested: false })
            .Where(type => type.Namespace == typeof(InHeader).Namespace)
            // Values beside the structures, a nodeid for example, show properties and no fields.
            .Where(type => type.GetFields(BindingFlags.Instance | BindingFlags.Public).Length > 0)
            .Select(type => type.Name);

        Assert.Equal(KernelStructure.All.Select(structure => structure.Type.Name).Order(), ours.Order());
    }

    [KernelHeaderFact]
    public void The_installed_header_agrees()
    {
        uint minor = HeaderMinor();
        StringBuilder program = new("#include <stddef.h>\n#include <linux/fuse.h>\n");
        foreach (KernelStructure structure in KernelStructure.All.Where(structure => structure.Minor <= minor))
        {
            foreach ((string field, int offset, int size) in structure.Fields)
            {
                string type = $"struct {structure.Name}";
                program.AppendLine(CultureInfo.InvariantCulture, $"""
                    _Static_assert(offsetof({type}, {field}) == {offset}, "offset of {structure.Name}.{field}");
                    _Static_assert(sizeof((({type} *)0)->{field}) == {size}, "size of {structure.Name}.{field}");
                    """);
            }
        }
        AppendFlags(program);
        AppendOpcodes(program);
        output.WriteLine($"compared with 7.{minor}");

        Assert.Equal("", Compile(program.ToString()));
    }

    private static void AppendFlags(StringBuilder program)
    {
        string[] names =
            """
            ASYNC_READ POSIX_LOCKS FILE_OPS ATOMIC_O_TRUNC EXPORT_SUPPORT BIG_WRITES DONT_MASK SPLICE_WRITE SPLICE_MOVE
            SPLICE_READ FLOCK_LOCKS HAS_IOCTL_DIR AUTO_INVAL_DATA DO_READDIRPLUS READDIRPLUS_AUTO ASYNC_DIO
            WRITEBACK_CACHE NO_OPEN_SUPPORT PARALLEL_DIROPS HANDLE_KILLPRIV POSIX_ACL ABORT_ERROR MAX_PAGES
            CACHE_SYMLINKS NO_OPENDIR_SUPPORT EXPLICIT_INVAL_DATA MAP_ALIGNMENT SUBMOUNTS HANDLE_KILLPRIV_V2
            SETXATTR_EXT INIT_EXT SECURITY_CTX HAS_INODE_DAX CREATE_SUPP_GROUP HAS_EXPIRE_ONLY DIRECT_IO_ALLOW_MMAP
            PASSTHROUGH NO_EXPORT_SUPPORT HAS_RESEND ALLOW_IDMAP OVER_IO_URING REQUEST_TIMEOUT
            """.Split([' ', '\n'], StringSplitOptions.RemoveEmptyEntries);
        InitFlags[] flags = [.. Enum.GetValues<InitFlags>().Where(flag => flag != InitFlags.None)];
        Assert.Equal(flags.Length, names.Length);
        foreach ((string name, InitFlags flag) in names.Zip(flags))
        {
            program.AppendLine(CultureInfo.InvariantCulture, $"""
                #ifdef FUSE_{name}
                _Static_assert((unsigned long long)(FUSE_{name}) == {(ulong)flag}ULL, "{name}");
                #endif
                """);
        }
    }

    /// <summary>Those up to TMPFILE: an enumeration cannot be asked what it has.</summary>
    private static void AppendOpcodes(StringBuilder program)
    {
        string[] names =
            """
            LOOKUP FORGET GETATTR SETATTR READLINK SYMLINK MKNOD MKDIR UNLINK RMDIR RENAME LINK OPEN READ WRITE STATFS
            RELEASE FSYNC SETXATTR GETXATTR LISTXATTR REMOVEXATTR FLUSH INIT OPENDIR READDIR RELEASEDIR FSYNCDIR GETLK
            SETLK SETLKW ACCESS CREATE INTERRUPT BMAP DESTROY IOCTL POLL NOTIFY_REPLY BATCH_FORGET FALLOCATE READDIRPLUS
            RENAME2 LSEEK COPY_FILE_RANGE SETUPMAPPING REMOVEMAPPING SYNCFS TMPFILE
            """.Split([' ', '\n'], StringSplitOptions.RemoveEmptyEntries);
        foreach ((string name, Opcode opcode) in names.Zip(Enum.GetValues<Opcode>()))
        {
            program.AppendLine(
                CultureInfo.InvariantCulture, $"_Static_assert(FUSE_{name} == {(uint)opcode}, \"{name}\");");
        }
    }

    private static int SizeOf(Type type) =>
        Marshal.SizeOf(type.IsEnum ? Enum.GetUnderlyingType(type) : type);

    private static uint HeaderMinor()
    {
        const string Definition = "#define FUSE_KERNEL_MINOR_VERSION ";
        string line = File.ReadLines(KernelHeaderFactAttribute.HeaderPath)
            .First(line => line.StartsWith(Definition, StringComparison.Ordinal));
        return uint.Parse(line.AsSpan(Definition.Length), CultureInfo.InvariantCulture);
    }

    private static string Compile(string program)
    {
        ProcessStartInfo start = new(KernelHeaderFactAttribute.CompilerPath, ["-x", "c", "-fsyntax-only", "-"])
        {
            RedirectStandardInput = true,
            RedirectStandardError = true,
        };
        using Process compiler = Process.Start(start)!;
        compiler.StandardInput.Write(program);
        compiler.StandardInput.Close();
        string complaints = compiler.StandardError.ReadToEnd();
        compiler.WaitForExit();
        return complaints;
    }
}
