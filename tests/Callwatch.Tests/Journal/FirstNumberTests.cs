using Callwatch.Journal;
using Callwatch.Journal.Retention;
using Callwatch.Journal.Writing;
using Callwatch.Spans;
using Callwatch.Telemetry;
using Callwatch.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Callwatch.Tests.Journal;

public sealed class FirstNumberTests
{
    [Fact]
    public async Task An_app_that_is_kept_for_less_time_begins_later_in_the_journal()
    {
        using var temp = new TempFolder();
        var (time, counters, options) = (new ManualTime(), new Counters(), SealedJournal.Options());
        await using var journal = TestJournal.Open(temp.At("journal"), options, time, counters);
        for (var number = 1; number <= 60; number++)
        {
            await journal.AppendAsync(
                [TestJournal.Entry(new byte[2000]) with { AppId = (number % 2) + 1, ReceivedAt = Timestamp.From(time.GetUtcNow()) }], TestContext.Current.CancellationToken);
        }

        Assert.True(journal.Seal(options, time: time) > 0);
        Assert.Equal((1, 1, 1), (journal.FirstNumberOf(1), journal.FirstNumberOf(1, 1), journal.FirstNumberOf(1, 2)));

        time.Advance(TimeSpan.FromDays(2));
        var rules = new KeepRules((_, app) => TimeSpan.FromDays(app == 2 ? 1 : 30), () => TimeSpan.FromDays(1));
        using var cursors = new FileCursors(temp.At("cursors"), DiskFiles.Instance, counters, NullLogger.Instance);
        new RetentionSweep(journal, options, cursors, [], DiskFiles.Instance, time, counters, NullLogger.Instance, rules: rules).Run();
        Assert.Equal((1, 1), (journal.FirstNumberOf(1), journal.FirstNumberOf(1, 1)));
        var first = journal.FirstNumberOf(1, 2);
        Assert.InRange(first, 2, 60);
        for (var number = 1; number <= 60; number++) Assert.Equal(number % 2 == 0 || number >= first, journal.Find(number) is not null);

        // No record of this tenant was ever sealed.
        Assert.Equal(first, journal.FirstNumberOf(9));
    }
}
