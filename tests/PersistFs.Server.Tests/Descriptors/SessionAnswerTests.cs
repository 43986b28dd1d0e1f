using PersistFs.Linux;
using PersistFs.Server.Descriptors;

namespace PersistFs.Server.Tests.Descriptors;

/// <summary>What a keeper answers that is to take a session.</summary>
public sealed class SessionAnswerTests : IDisposable
{
    private readonly int keeper, server;

    public SessionAnswerTests() =>
        Assert.Equal(Errno.OK, Libc.SocketPair(UnixSocketKind.Stream, out keeper, out server));

    public void Dispose()
    {
        _ = Libc.Close(keeper);
        _ = Libc.Close(server);
    }

    [Fact]
    public void A_session_comes_with_its_descriptor()
    {
        Assert.Equal(Errno.OK, Libc.Pipe(out int readEnd, out int writeEnd));
        SessionAnswer.Send(keeper, Errno.OK, writeEnd);
        _ = Libc.Close(writeEnd);
        Assert.True(SessionAnswer.TryReceive(server, out Errno error, out int session));
        Assert.Equal(Errno.OK, error);
        Assert.Equal(Errno.OK, Libc.Write(session, "x"u8, out _));
        Assert.Equal(Errno.OK, Libc.Read(readEnd, new byte[1], out int count));
        Assert.Equal(1, count);
        _ = Libc.Close(session);
        _ = Libc.Close(readEnd);
    }

    [Fact]
    public void An_error_comes_alone()
    {
        SessionAnswer.Send(keeper, Errno.ENOENT, -1);
        Assert.True(SessionAnswer.TryReceive(server, out Errno error, out int session));
        Assert.Equal((Errno.ENOENT, -1), (error, session));
    }

    [Fact]
    public void A_keeper_that_does_not_know_the_question_closes_its_end()
    {
        Assert.Equal(Errno.OK, Libc.SocketPair(UnixSocketKind.Stream, out int first, out int second));
        _ = Libc.Close(first);
        Assert.False(SessionAnswer.TryReceive(second, out _, out int session));
        Assert.Equal(-1, session);
        _ = Libc.Close(second);
    }
}
