using System.Numerics;
using System.Runtime.InteropServices;
using PersistFs.Engine.Arenas;
using PersistFs.Engine.Format;

namespace PersistFs.Engine.Dump;

/// <summary>The frame table by state and type, and what the blocks hold.</summary>
internal sealed class FrameDump
{
    private const int TypeCount = 256;

    private readonly ArenaReader image;
    private readonly FrameTableReader table;
    private readonly DumpText text;
    private readonly SortedDictionary<string, List<(uint First, uint Last)>> runs = new(StringComparer.Ordinal);
    private readonly long[] blocks = new long[TypeCount];
    private readonly long[] objects = new long[TypeCount];
    private long freeBlocks;

    public FrameDump(ArenaReader image, FrameTableReader table, DumpText text)
    {
        this.image = image;
        this.table = table;
        this.text = text;
    }

    public void Write()
    {
        uint next = 0;
        foreach ((uint frame, FrameDescriptor descriptor) in table.All())
        {
            if (next < frame) Note("Absent", next, frame - 1);
            next = frame + 1;
            var word = new FrameWord(descriptor.StateWord);
            Note(NameOf(word), frame, frame);
            if (word.IsUsed(FrameType.Blocks)) CountBlocks(frame, in descriptor);
        }
        if (next < table.FrameCount) Note("Absent", next, table.FrameCount - 1);
        text.Line($"frames of 2 MiB: {table.FrameCount}");
        foreach ((string name, List<(uint First, uint Last)> places) in runs)
        {
            ulong count = places.Aggregate(0UL, (sum, run) => sum + (run.Last - run.First + 1));
            text.Item($"{name} {count}: {DumpText.Runs(places, text.ItemsMax)}");
        }
        WriteBlocks();
    }

    private void WriteBlocks()
    {
        text.Line($"blocks of 4 KiB in Blocks frames: {blocks.Sum()}, and {freeBlocks} free");
        for (int type = 0; type < TypeCount; type++)
        {
            if (blocks[type] == 0) continue;
            var blockType = (BlockType)type;
            if (SizeClass.IsSlab(blockType))
                text.Item(
                    $"{DumpText.Type(blockType)}: {objects[type]} of "
                        + $"{blocks[type] * SizeClass.ObjectsPerSlab(blockType)} in {blocks[type]} slabs");
            else
                text.Item($"{DumpText.Type(blockType)}: {blocks[type]}");
        }
    }

    private void CountBlocks(uint frame, in FrameDescriptor frameDescriptor)
    {
        var descriptors = new BlockDescriptor[Layout.BlocksPerFrame];
        image.Read(ArenaPointer.OfFrame(frame), MemoryMarshal.AsBytes(descriptors.AsSpan()));
        for (int block = Layout.DescriptorBlocksPerFrame; block < Layout.BlocksPerFrame; block++)
        {
            if ((frameDescriptor.Blocks[block >> 6] >> (block & 63) & 1) == 0)
            {
                freeBlocks++;
                continue;
            }
            BlockType type = descriptors[block].Type;
            blocks[(int)type]++;
            if (SizeClass.IsSlab(type)) objects[(int)type] += BitOperations.PopCount(descriptors[block].Objects);
        }
    }

    private void Note(string name, uint first, uint last)
    {
        if (!runs.TryGetValue(name, out List<(uint First, uint Last)>? places)) runs[name] = places = [];
        if (places.Count > 0 && places[^1].Last + 1 == first) places[^1] = (places[^1].First, last);
        else places.Add((first, last));
    }

    private static string NameOf(FrameWord word)
    {
        bool isKnown = word == new FrameWord(word.State, word.Type, word.IsZeroed)
            && word.State <= FrameState.Releasing && word.Type <= FrameType.Data;
        if (!isKnown) return "Unknown";
        return word.State switch
        {
            FrameState.Used => word.Type.ToString(),
            FrameState.Free when word.IsZeroed => "Free, all zero",
            _ => word.State.ToString(),
        };
    }
}
