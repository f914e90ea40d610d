using Callwatch.Control;
using Callwatch.Journal;
using Callwatch.Normalize;
using Callwatch.Normalize.Pricing;
using Callwatch.Store.Reading;
using Callwatch.Telemetry;
using Callwatch.Testing;
using Callwatch.Tests.Control;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Callwatch.Tests.Store.Reading;

/// <summary>A record is passed over only for a fault of its own: anything else would lose what was acknowledged.</summary>
public sealed class BatchBuilderTests
{
    private readonly Counters counters = new();

    [Fact]
    public void A_record_that_fails_once_is_read_again_and_not_skipped()
    {
        Assert.Equal(1, SpansAfter(new TimeoutException()));
        Assert.Equal(0, counters.Total(Reason.RecordUnreadable));
    }

    [Fact]
    public void A_record_that_fails_each_time_is_counted_and_the_others_go_on()
    {
        Assert.Equal(0, SpansAfter(new TimeoutException(), new TimeoutException()));
        Assert.Equal(1, counters.Total(Reason.RecordUnreadable));
    }

    [Fact]
    public void What_the_disk_or_control_data_refuse_goes_up_and_skips_nothing()
    {
        Assert.Throws<IOException>(() => SpansAfter(new IOException()));
        Assert.Throws<UnauthorizedAccessException>(() => SpansAfter(new UnauthorizedAccessException()));
        Assert.Equal(0, counters.Total(Reason.RecordUnreadable));
    }

    private int SpansAfter(params Exception[] troubles)
    {
        using var control = new ControlFolder();
        var age = new RowAge(new RetentionDesk(control.Started().Db, new RetentionRules()), new Troubled(troubles));
        var builder = new BatchBuilder(new SpanNormalizer(new PriceBooks()), counters, NullLogger<BatchBuilder>.Instance, age);
        var record = new JournalRecord { Number = 1, Signal = Signal.Traces, TenantId = 1, AppId = 1, KeyId = 0, ReceivedAt = A.Noon, ItemCount = 1, Payload = A.Traces(A.Span()) };
        return builder.Build([record], Guid.Empty).Spans.Count;
    }

    /// <summary>A clock that cannot be read the first times.</summary>
    private sealed class Troubled(Exception[] troubles) : TimeProvider
    {
        private int asked;

        public override DateTimeOffset GetUtcNow() => asked < troubles.Length ? throw troubles[asked++] : A.Noon.ToDateTimeOffset();
    }
}
