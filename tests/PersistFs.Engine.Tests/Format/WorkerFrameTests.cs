using System.Runtime.CompilerServices;
using PersistFs.Engine.Format;

namespace PersistFs.Engine.Tests.Format;

/// <summary>The worker frame lies as FORMAT.md, section 6, has it; the numbers here are that table's.</summary>
public sealed class WorkerFrameTests
{
    [Fact]
    public void The_parts_of_the_frame_have_the_places_and_sizes_of_the_format()
    {
        Assert.Equal((16, 16), (WorkerHeader.SuspectCount, Unsafe.SizeOf<QuarantineEntry>()));
        Assert.Equal((0x1000UL, 16128), (WorkerHeader.UndoOffset, WorkerHeader.UndoCapacity));
        Assert.Equal((0x40000UL, 16384), (WorkerHeader.FreesOffset, WorkerHeader.FreesCapacity));
        Assert.Equal((0x60000UL, 128, 256),
            (WorkerHeader.CompletionsOffset, WorkerHeader.CompletionCount, Unsafe.SizeOf<CompletionRecord>()));
        Assert.Equal((0x68000UL, 3, 32 * 1024),
            (WorkerHeader.ListingsOffset, WorkerHeader.ListingCount, ListingRecord.SizeInBytes));
        Assert.Equal((192, 2048UL, 30720),
            (ListingRecord.InodeCountMax, ListingRecord.ReplyOffset, ListingRecord.ReplyLengthMax));
        Assert.Equal(
            (0x80000UL, (1024 + 64) * 1024), (WorkerHeader.RequestBufferOffset, WorkerHeader.RequestBufferSizeInBytes));
        Assert.Equal((0x190000UL, 448 * 1024), (WorkerHeader.ReplyBufferOffset, WorkerHeader.ReplyBufferSizeInBytes));
    }

    [Theory]
    [InlineData(0UL, true, false, false)]
    [InlineData(2UL, false, true, false)]
    [InlineData(0x0000_0005_0000_0001UL, false, false, true)]
    public void A_state_is_free_valid_or_tied_to_a_sequence(ulong word, bool isEmpty, bool isValid, bool isTied)
    {
        var state = new CompletionState(word);
        Assert.Equal((isEmpty, isValid, isTied, true), (state.IsEmpty, state.IsValid, state.IsTied, state.IsKnown));
        if (isTied) Assert.Equal((5U, word), (state.Sequence, CompletionState.TiedTo(5).Value));
    }

    [Theory]
    [InlineData(3UL)]
    [InlineData(0x1_0000_0002UL)]
    [InlineData(0x101UL)]
    [InlineData(ulong.MaxValue)]
    public void Any_other_state_is_none(ulong word)
    {
        var state = new CompletionState(word);
        Assert.False(state.IsKnown || state.IsValid || state.IsEmpty);
    }
}
