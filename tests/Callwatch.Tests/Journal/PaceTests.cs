using Callwatch.Journal.Sealing;
using Xunit;

namespace Callwatch.Tests.Journal;

public sealed class PaceTests
{
    [Fact]
    public void Ends_when_the_process_stops()
    {
        using var stop = new CancellationTokenSource();
        var pace = new Pace(0.01, () => 0, () => false, stop.Token);
        stop.Cancel();
        Assert.ThrowsAny<OperationCanceledException>(pace.Rest);
        Assert.ThrowsAny<OperationCanceledException>(pace.Wait);
    }
}
