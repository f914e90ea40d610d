using Callwatch.Query;
using Callwatch.Spans;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Callwatch.Server.Tests.Dashboard.Browser;

/// <summary>Waits until what was sent can be asked for.</summary>
public static class Stored
{
    public static async Task WaitAsync(RunningServer server, TraceId id, int spans)
    {
        var cancel = TestContext.Current.CancellationToken;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(TimeSpan.FromSeconds(20));
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        do
        {
            using var scope = server.Services.CreateScope();
            if (await scope.ServiceProvider.GetRequiredService<TraceQueries>().FindAsync(new ReadScope(1), id, 10, null, cancel) is { } view && view.Spans.Count >= spans) return;
        }
        while (await timer.WaitForNextTickAsync(limit.Token));
    }
}
