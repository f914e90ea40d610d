using System.Globalization;
using System.Threading.Channels;
using Callwatch.Client.Api;
using Callwatch.Testing;
using Xunit;

namespace Callwatch.Server.Tests.Durability;

/// <summary>The journal is emptied by retention, by age and by size, with the program killed in between: what was stored stays as it is, and what comes then is stored once.</summary>
public sealed class EmptiedJournalTests : IDisposable
{
    private static readonly (string, string)[] Small =
    [
        ("Callwatch__Journal__SegmentBytes", "16384"), ("Callwatch__Journal__SegmentAge", "00:00:01"), ("Callwatch__Journal__SweepInterval", "00:00:01"), ("Callwatch__Journal__BallastBytes", "0"),
        ("Callwatch__Journal__SealWindowBytes", "4096"), ("Callwatch__Journal__SealAge", "00:00:00"), ("Callwatch__Journal__SealShare", "1"),
        ("Callwatch__Journal__MinFreeBytes", "0"), ("Callwatch__Journal__MinFreePercent", "0"),
    ];

    private readonly TempFolder temp = new();
    private readonly ServerAddress address = new();
    private readonly Channel<bool> answers = Channel.CreateUnbounded<bool>();
    private readonly DateTimeOffset from = TimeProvider.System.GetUtcNow().AddMinutes(-1);
    private readonly LoadSender sender;

    public EmptiedJournalTests() => sender = new LoadSender(1, address, () => answers.Writer.TryWrite(true));

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => temp.Dispose();

    [Fact]
    public async Task What_was_stored_before_stays_and_what_comes_after_is_stored_once_and_found()
    {
        var gone = 0;
        var head = 0L;
        foreach (var (name, value) in ((string, string)[])[("Callwatch__Journal__MaxAge", "00:00:01"), ("Callwatch__Journal__MaxBytes", "1")])
        {
            await using (var server = await StartAsync())
            {
                var api = Api(server);
                await SendAsync(60);
                head = await ReadAsync(api, head);
                await UntilAsync(api, system => system.Journal is { SealedBytes: > 0 });
                await AssertAsync(api, gone);
                await KillAsync(server);
            }

            // Nothing is sent: what a reader still needed would go too, and be counted.
            await using (var server = await StartAsync((name, value)))
            {
                var api = Api(server);
                gone = await EmptiedAsync(api);
                // Losses may be told: the journal asks where the store stands after a power cut, which is behind what it has just read.
                Assert.Equal(head, await ReadAsync(api, head));
                Assert.Empty(Directory.EnumerateFiles(temp.At("data", "journal"), "*.sealed"));
                Assert.InRange(gone, 1, sender.Acknowledged.Count);
                await AssertAsync(api, gone);
                await KillAsync(server);
            }
        }

        for (var start = 0; start < 2; start++)
        {
            await using var server = await StartAsync();
            var api = Api(server);
            await SendAsync(20);
            head = await ReadAsync(api, head);
            await AssertAsync(api, gone);
            await KillAsync(server);
        }
    }

    /// <summary>How many calls' text is gone once nothing goes any more: what is sealed in this very moment is neither waiting nor sealed.</summary>
    private async Task<int> EmptiedAsync(CallwatchApi api)
    {
        while (true)
        {
            await UntilAsync(api, IsEmptied);
            var before = await SystemAsync(api);
            var gone = await CountGoneAsync(api);
            var after = await SystemAsync(api);
            if (IsEmptied(before) && IsEmptied(after) && before.Journal!.Records == after.Journal!.Records) return gone;
        }
    }

    // The last one, that is gone on with, is never taken.
    private static bool IsEmptied(ApiSystem system) => system.Journal is { SealedBytes: 0, ToSealBytes: 0 } journal && journal.Records <= 20;

    private async Task<CallwatchProcess> StartAsync(params (string, string)[] more)
    {
        var server = await CallwatchProcess.ServeAsync(temp.At("data"), [], [.. Small, .. more]);
        address.IsUp(server.Url);
        return server;
    }

    private async Task KillAsync(CallwatchProcess server)
    {
        address.IsDown();
        await server.KillAsync();
    }

    private async Task SendAsync(int count)
    {
        // Answers that came after the last time was over are not those waited for now.
        while (answers.Reader.TryRead(out _))
        {
        }

        using var stop = new CancellationTokenSource();
        var sending = Task.Run(() => sender.RunAsync(stop.Token), Cancel);
        for (var i = 0; i < count; i++) await answers.Reader.ReadAsync(Cancel).AsTask().WithPatience("a request is acknowledged");
        await stop.CancelAsync();
        await sending.WithPatience("the last requests are answered");
    }

    /// <summary>Until both readers have read all there is; numbers only grow.</summary>
    private static async Task<long> ReadAsync(CallwatchApi api, long before)
    {
        Assert.Null(await Kept.CaughtUpAsync(api, Cancel));
        await UntilAsync(api, system => system.Readers.All(reader => reader.Position == system.Head));
        var head = (await SystemAsync(api)).Head;
        Assert.True(head >= before);
        return head;
    }

    private async Task AssertAsync(CallwatchApi api, int gone)
    {
        Assert.Equal([], await Kept.MissedAsync(api, sender.Acknowledged, from, Cancel, bodies: false));
        await UntilAsync(api, system => system.Readers.All(reader => reader.State == "running"));
        var index = 0;
        foreach (var sent in sender.Acknowledged)
        {
            if (sent.Messages is null) continue;
            var span = Value(await api.SpanAsync(sent.TraceId, sent.SpanId, Cancel));
            var isGone = index++ < gone;
            Assert.Equal((index, isGone ? "expired" : "present"), (index, span.Content));
            Assert.Equal(isGone ? null : sent.Messages, (string?)span.Attributes["gen_ai.input.messages"]);
        }

        // Each prompt begins with the number of its trace: the words are found, of old ones and new.
        foreach (var trace in sender.Acknowledged.Where(span => span.Messages is not null).Select(span => span.TraceId).Distinct(StringComparer.Ordinal).Where((_, i) => i % 9 == 0))
        {
            var word = sender.Acknowledged.First(span => span.TraceId == trace && span.Messages is not null).Messages!;
            var said = word[(word.IndexOf("content\":\"", StringComparison.Ordinal) + 10)..].Split(':')[0];
            Assert.Contains(trace, await FoundAsync(api, new ApiQuery { From = Text(from), To = Text(TimeProvider.System.GetUtcNow().AddMinutes(1)), Filter = "\"" + said + "\"", Limit = 200 }));
        }
    }

    /// <summary>Traces of all pages: one of them alone may say that it has not looked far.</summary>
    private static async Task<IReadOnlyList<string>> FoundAsync(CallwatchApi api, ApiQuery page)
    {
        var found = new List<string>();
        do
        {
            var answer = Value(await api.TracesAsync(page, Cancel));
            found.AddRange(answer.Items.Select(item => item.TraceId));
            page = page with { Cursor = answer.Next };
        }
        while (page.Cursor is not null);
        return found;
    }

    private async Task<int> CountGoneAsync(CallwatchApi api)
    {
        var gone = 0;
        foreach (var sent in sender.Acknowledged)
            if (sent.Messages is not null && Value(await api.SpanAsync(sent.TraceId, sent.SpanId, Cancel)).Content == "expired") gone++;
        return gone;
    }

    private static CallwatchApi Api(CallwatchProcess server) => new(server.NewHttp());

    private static async Task UntilAsync(CallwatchApi api, Func<ApiSystem, bool> holds)
    {
        ApiSystem? last = null;
        await Eventually.AnswersAsync(async () => holds(last = await SystemAsync(api)) ? last : null, () => "the system is as it should be: " + last);
    }

    private static async Task<ApiSystem> SystemAsync(CallwatchApi api) => Value(await api.SystemAsync(Cancel));

    private static T Value<T>(ApiAnswer<T> answer) => Assert.IsType<ApiAnswer<T>.Found>(answer).Value;

    private static string Text(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
}
