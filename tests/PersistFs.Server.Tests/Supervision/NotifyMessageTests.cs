using PersistFs.Server.Supervision;

namespace PersistFs.Server.Tests.Supervision;

/// <summary>What servers tell their keeper.</summary>
public sealed class NotifyMessageTests
{
    [Fact]
    public void Lines_are_read_whatever_their_order()
    {
        NotifyMessage message = NotifyMessage.Parse("FDNAME=fuse\nFDPOLL=0\nFDSTORE=1\nREADY=1");
        Assert.True(message is { Stores: true, IsReady: true, Removes: false, IsStopping: false, IsStandby: false });
        Assert.Equal("fuse", message.Name);
    }

    [Fact]
    public void The_end_of_a_connection_is_told_with_what_is_to_be_closed()
    {
        NotifyMessage message = NotifyMessage.Parse("STOPPING=1\nFDSTOREREMOVE=1\nFDNAME=fuse");
        Assert.True(message is { IsStopping: true, Removes: true, Stores: false, Name: "fuse" });
    }

    [Fact]
    public void A_failure_comes_with_its_next_step()
    {
        NotifyMessage message = NotifyMessage.Parse("X_PERSISTFS_FAILURE=/arena: is damaged=1\trestore it");
        Assert.Equal(("/arena: is damaged=1", "restore it"), (message.Failure, message.NextStep));
    }

    [Fact]
    public void A_session_of_the_last_kernel_is_asked_for_by_its_name_and_that_under_which_it_is_kept()
    {
        NotifyMessage message = NotifyMessage.Parse("X_PERSISTFS_SESSION=persistfs-tree-0\nFDNAME=live-0");
        Assert.Equal(("persistfs-tree-0", "live-0"), (message.Session, message.Name));
        Assert.False(message.Stores || message.Removes);
    }

    [Theory]
    [InlineData("")]
    [InlineData("\n\n")]
    [InlineData("READY=0\nSTATUS=well\nMAINPID=1\nready=1\nREADY=1 ")]
    public void What_nobody_knows_is_passed_over(string text) =>
        Assert.Equal(new NotifyMessage(), NotifyMessage.Parse(text));
}
