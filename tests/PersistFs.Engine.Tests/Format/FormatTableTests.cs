using System.Globalization;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using PersistFs.Engine.Format;

namespace PersistFs.Engine.Tests.Format;

/// <summary>The types of the format lie in memory as the tables of FORMAT.md say.</summary>
public sealed class FormatTableTests
{
    private const int WordsTried = 1000;

    /// <summary>Numbers without parts.</summary>
    private static readonly Type[] PlainNumbers = [typeof(InodeNumber)];

    /// <summary>Words that a struct takes apart itself.</summary>
    private static readonly string[] WordsOfStructs =
        [$"DirectoryEntryHeader.TargetWord, {FormatTableKind.Bits}", $"UndoEntry.Target, {FormatTableKind.Bits}"];

    private static readonly MethodInfo SizeOfMethod = typeof(Unsafe).GetMethod(nameof(Unsafe.SizeOf))!;

    public static TheoryData<string> Structs => Titles(FormatTableKind.Fields);

    public static TheoryData<string> Words => Titles(FormatTableKind.Bits);

    public static TheoryData<string> Enums => Titles(FormatTableKind.Values);

    public static TheoryData<string> Frames => Titles(FormatTableKind.Regions);

    [Fact]
    public void Every_type_of_the_format_has_its_table()
    {
        IEnumerable<Type> types = typeof(Layout).Assembly.GetTypes().Where(type =>
            type.Namespace == typeof(Layout).Namespace && type.IsValueType && !PlainNumbers.Contains(type)
            && !type.IsDefined(typeof(CompilerGeneratedAttribute)));
        Assert.Equal(
            types.SelectMany(TablesOf).Concat(WordsOfStructs).Order(StringComparer.Ordinal),
            FormatTable.All.Where(table => table.Kind != FormatTableKind.Regions).Select(table => table.Title)
                .Order(StringComparer.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Structs))]
    public void Every_field_lies_where_its_row_says_and_no_byte_is_left_out(string title)
    {
        FormatTable table = TableOf(title);
        Type type = TypeOf(table.TypeName);
        Assert.Equal(table.Size, SizeOf(type));
        Assert.Equal(0, table.Size % AlignmentOf(type));
        RequireTiled(table, (ulong)table.Size);
        Assert.Equal(
            FieldsOf(type).Select(field => (
                (ulong)OffsetOf(field), (ulong)SizeOf(field.FieldType), field.Name)).Order(),
            table.Rows.Where(row => row.Name != FormatRow.Reserved).Select(row => (row.Start, row.Length, row.Name)));
        Assert.All(FieldsOf(type), field => Assert.Equal(0, OffsetOf(field) % AlignmentOf(field.FieldType)));
    }

    [Theory]
    [MemberData(nameof(Words))]
    public void Every_part_of_a_word_is_the_bits_that_its_row_says_and_no_bit_is_left_out(string title)
    {
        FormatTable table = TableOf(title);
        Type type = TypeOf(table.TypeName);
        FieldInfo word = type.GetField(table.Word) ?? type.GetField(
            $"<{table.Word}>k__BackingField", BindingFlags.Instance | BindingFlags.NonPublic)!;
        Assert.Equal(table.Size, SizeOf(word.FieldType) * 8);
        RequireTiled(table, (ulong)table.Size);
        foreach (FormatRow row in table.Rows.Where(row => row.Name != FormatRow.Reserved))
        {
            PropertyInfo part = type.GetProperty(row.Name) ?? throw new InvalidOperationException(
                $"{type.Name} has no property {row.Name}.");
            ulong mask = ulong.MaxValue >> 64 - (int)row.Length;
            foreach (ulong value in WordsToTry(table.Size))
            {
                ulong bits = value >> (int)row.Start & mask;
                // A pointer is stored in its place: what is below it in the word is zero in it.
                if (part.PropertyType == typeof(ArenaPointer)) bits <<= (int)row.Start;
                object boxed = RuntimeHelpers.GetUninitializedObject(type);
                word.SetValue(boxed, Convert.ChangeType(value, word.FieldType, CultureInfo.InvariantCulture));
                Assert.True(bits == NumberOf(part.GetValue(boxed)!), $"{title}: {row.Name} of 0x{value:x}");
            }
        }
    }

    [Theory]
    [MemberData(nameof(Enums))]
    public void Every_value_has_the_name_that_its_row_says(string title)
    {
        FormatTable table = TableOf(title);
        Type type = TypeOf(table.TypeName);
        Assert.Equal(
            Enum.GetValuesAsUnderlyingType(type).Cast<byte>()
                .Select(value => ((ulong)value, Enum.GetName(type, value))),
            table.Rows.Select(row => (row.Start, (string?)row.Name)));
    }

    [Theory]
    [MemberData(nameof(Frames))]
    public void Every_region_of_a_frame_begins_where_its_row_says(string title)
    {
        FormatTable table = TableOf(title);
        Type type = TypeOf(table.TypeName);
        FormatRow last = table.Rows[^1];
        RequireTiled(table, last.Length == 0 ? last.Start : Layout.FrameSizeInBytes);
        Assert.All(
            table.Rows.Where(row => row.Name != FormatRow.NoName),
            row => Assert.Equal(row.Start, type.GetField(row.Name)!.GetRawConstantValue()));
    }

    /// <summary>Titles of the tables that a type must have.</summary>
    private static IEnumerable<string> TablesOf(Type type)
    {
        if (type.IsEnum) return [$"{type.Name}, {FormatTableKind.Values}"];
        if (type.IsExplicitLayout) return [$"{type.Name}, {FormatTableKind.Fields}"];
        // An array is part of a struct, whose table says how long it is.
        if (type.IsDefined(typeof(InlineArrayAttribute)))
        {
            Assert.Contains(
                FormatTable.All.Where(table => table.Kind == FormatTableKind.Fields)
                    .SelectMany(table => FieldsOf(TypeOf(table.TypeName))),
                field => field.FieldType == type);
            return [];
        }
        FieldInfo[] words = FieldsOf(type);
        return words.Length == 1
            ? [$"{type.Name}, {FormatTableKind.Bits}"]
            : words.Select(word => $"{type.Name}.{word.Name.Split('<', '>')[1]}, {FormatTableKind.Bits}");
    }

    /// <summary>Each row begins where the one before it ends.</summary>
    private static void RequireTiled(FormatTable table, ulong end)
    {
        ulong reached = 0;
        for (int index = 0; index < table.Rows.Count; index++)
        {
            FormatRow row = table.Rows[index];
            Assert.True(row.Start == reached, $"{table.Title}: {row.Name} begins at {row.Start}, not {reached}");
            bool goesOn = row.Length == 0 && index + 1 < table.Rows.Count;
            reached = goesOn ? table.Rows[index + 1].Start : row.End;
        }
        Assert.Equal(end, reached);
    }

    /// <summary>No bit, all bits, each bit alone, and others.</summary>
    private static IEnumerable<ulong> WordsToTry(int bits)
    {
        ulong all = ulong.MaxValue >> 64 - bits;
        var random = new PersistFs.Testing.SeededRandom(1);
        return Enumerable.Range(0, bits).Select(bit => 1UL << bit).Append(0UL).Append(all)
            .Concat(Enumerable.Range(0, WordsTried).Select(_ => random.NextWord() & all));
    }

    private static ulong NumberOf(object part) => part switch
    {
        bool isSet => isSet ? 1UL : 0UL,
        ArenaPointer pointer => pointer.Value,
        InodeNumber inode => inode.Value,
        Enum value => Convert.ToUInt64(value, null),
        IConvertible number => number.ToUInt64(null),
        _ => throw new InvalidOperationException($"A part is of type {part.GetType()}."),
    };

    private static FieldInfo[] FieldsOf(Type type) =>
        type.GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic);

    private static int OffsetOf(FieldInfo field) => field.GetCustomAttribute<FieldOffsetAttribute>()!.Value;

    /// <summary>The size of a primitive, of 16 bytes at most; of anything else, that of its largest part.</summary>
    private static int AlignmentOf(Type type) => type.IsPrimitive || type == typeof(UInt128)
        ? SizeOf(type)
        : FieldsOf(type).Max(field => AlignmentOf(field.FieldType));

    private static int SizeOf(Type type) => (int)SizeOfMethod.MakeGenericMethod(type).Invoke(null, null)!;

    private static Type TypeOf(string name) =>
        typeof(Layout).Assembly.GetType($"{typeof(Layout).Namespace}.{name}", throwOnError: true)!;

    private static FormatTable TableOf(string title) => FormatTable.All.Single(table => table.Title == title);

    private static TheoryData<string> Titles(FormatTableKind kind) =>
        new(FormatTable.All.Where(table => table.Kind == kind).Select(table => table.Title));
}
