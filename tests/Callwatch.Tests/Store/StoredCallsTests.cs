using Callwatch.Spans;
using Callwatch.Store;
using Callwatch.Testing;
using Xunit;

namespace Callwatch.Tests.Store;

public sealed class StoredCallsTests
{
    [Fact]
    public void A_slow_watcher_loses_the_oldest_and_can_tell_how_many()
    {
        var calls = new StoredCalls();
        using var watcher = calls.Subscribe(room: 3);
        calls.Publish([.. Enumerable.Range(1, 10).Select(Call)]);
        var seen = new List<ulong>();
        while (watcher.Calls.TryRead(out var call)) seen.Add(call.SpanId.Value);
        Assert.Equal([8UL, 9UL, 10UL], seen);
        Assert.Equal(7, watcher.Dropped);
    }

    [Fact]
    public void Who_has_gone_is_told_nothing_and_hears_the_end()
    {
        var calls = new StoredCalls();
        var watcher = calls.Subscribe();
        watcher.Dispose();
        calls.Publish([Call(1)]);
        Assert.True(watcher.Calls.Completion.IsCompletedSuccessfully);
    }

    private static Span Call(int id) => new()
    {
        TenantId = 1,
        AppId = 1,
        TraceId = A.TraceId(1),
        SpanId = new SpanId((ulong)id),
        Name = "chat",
        DisplayName = "chat",
        Kind = SpanKind.Chat,
        Start = A.Noon,
        End = A.Noon,
        Outcome = Outcome.Success,
    };
}
