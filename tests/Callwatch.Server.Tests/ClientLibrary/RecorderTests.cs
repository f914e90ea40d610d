using System.Diagnostics;
using System.Text.Json.Nodes;
using Callwatch.Client.Records;
using Callwatch.Server.Tests.Reading;
using Callwatch.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Callwatch.Server.Tests.ClientLibrary;

/// <summary>The recorder of the client library against a real server, and without one.</summary>
public sealed class RecorderTests
{
    private static readonly DateTimeOffset Noon = new(2026, 9, 17, 12, 0, 0, TimeSpan.Zero);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_record_type_arrives_with_its_fields()
    {
        await using var server = await Traffic.ServerAsync();
        await using (var recorder = await StartAsync(server.Url))
        {
            recorder.Record(new MessageRecord
            {
                MessageId = "m-1",
                ConversationId = "c-1",
                UserId = "anna",
                StartTime = Noon,
                EndTime = Noon.AddSeconds(2),
                Model = "gpt-4o",
                Provider = "openai",
                TtftMs = 300,
                Streaming = true,
                Usage = new RecordUsage { InputTokens = 1_000, OutputTokens = 100, CacheReadTokens = 400 },
                Inputs = "Where is my parcel?",
                Outputs = "On its way.",
                Tags = ["beta"],
                Metadata = new JsonObject { ["plan"] = "pro" },
            });
            recorder.Record(new WorkflowRecord
            {
                WorkflowRunId = "r-1",
                MessageId = "m-1",
                StartTime = Noon,
                EndTime = Noon.AddSeconds(1),
                Status = "failed",
                Error = "node failed",
                Nodes = [new NodeExecution { NodeExecutionId = "n-1", Title = "Send", NodeType = "tool", StartTime = Noon, EndTime = Noon.AddSeconds(1), Error = "550", Status = "failed" }],
            });
            recorder.Record(new ToolRecord { ToolName = "get_weather", MessageId = "m-1", StartTime = Noon, EndTime = Noon, ToolInputs = new JsonObject { ["city"] = "Paris" }, ToolOutputs = "18 degrees" });
            recorder.Record(new ModerationRecord { MessageId = "m-1", Flagged = false, StartTime = Noon, EndTime = Noon });
            recorder.Record(new SuggestedQuestionRecord { MessageId = "m-1", SuggestedQuestion = ["Why?"], StartTime = Noon, EndTime = Noon });
            recorder.Record(new DatasetRetrievalRecord { MessageId = "m-1", Query = "terms", Documents = [new RetrievedDocument("Two days.")], StartTime = Noon, EndTime = Noon });
            recorder.Record(new ConversationNameRecord { ConversationId = "c-1", MessageId = "m-1", Outputs = "Parcels", StartTime = Noon, EndTime = Noon });
            recorder.Record(new ConversationRecord { ConversationId = "c-1", MessageId = "m-1", StartTime = Noon, EndTime = Noon });
            Assert.True(recorder.Feedback(new FeedbackRecord { MessageId = "m-1", Value = 1 }));
            await recorder.FlushAsync(Cancel);
            Assert.Equal((9, 9, 0), (recorder.Counts.Taken, recorder.Counts.Sent, recorder.Counts.Refused));
        }

        await server.StoredAsync();
        var trace = Assert.Single(await server.AllAsync($"/api/v1/traces?{Traffic.Range}"));
        var spans = (await server.GetAsync($"/api/v1/traces/{(string?)trace["trace_id"]}"))["spans"]!.AsArray();
        Assert.Equal(
            ["chat", "conversation", "generate_conversation_name", "message", "moderation", "node", "retrieval", "suggested_question", "tool", "workflow"],
            spans.Select(span => (string)span!["kind"]!).Order(StringComparer.Ordinal));
        var call = Assert.Single(await server.AllAsync($"/api/v1/calls?{Traffic.Range}"));
        Json.Is("""{"model":"gpt-4o","ttft_ms":300,"streaming":true,"user_id":"anna","session_id":"c-1","tags":["beta"]}""", call, only: true);
        Assert.Equal(400, (int)call["usage"]!["cache_read_tokens"]!);
        Assert.Equal("user", (string?)Assert.Single(spans.Single(span => (string?)span!["kind"] == "message")!["scores"]!.AsArray())!["name"]);
    }

    [Fact]
    public async Task A_record_made_in_an_activity_joins_its_trace()
    {
        await using var server = await Traffic.ServerAsync();
        using var activity = new Activity("ask").SetIdFormat(ActivityIdFormat.W3C).Start();
        await using (var recorder = await StartAsync(server.Url))
        {
            recorder.Record(new MessageRecord { MessageId = "m-1", StartTime = Noon, EndTime = Noon });
            await recorder.FlushAsync(Cancel);
        }

        await server.StoredAsync();
        var span = Assert.Single((await server.GetAsync($"/api/v1/traces/{activity.TraceId}"))["spans"]!.AsArray())!;
        Assert.Equal(activity.SpanId.ToString(), (string?)span["parent_span_id"]);
    }

    [Fact]
    public async Task A_judgement_that_follows_at_once_finds_a_message_that_joined_another_trace()
    {
        await using var server = await Traffic.ServerAsync();
        using var activity = new Activity("ask").SetIdFormat(ActivityIdFormat.W3C).Start();
        await using (var recorder = await StartAsync(server.Url))
        {
            recorder.Record(new MessageRecord { MessageId = "m-1", StartTime = Noon, EndTime = Noon });
            recorder.Feedback(new FeedbackRecord { MessageId = "m-1", Value = -1 });
            await recorder.FlushAsync(Cancel);
        }

        await server.StoredAsync();
        var span = Assert.Single((await server.GetAsync($"/api/v1/traces/{activity.TraceId}"))["spans"]!.AsArray())!;
        Assert.Equal(-1, (double)Assert.Single(span["scores"]!.AsArray())!["value"]!);
    }

    [Fact]
    public async Task What_the_server_refuses_is_counted_and_the_rest_arrives()
    {
        await using var server = await Traffic.ServerAsync();
        await using var recorder = await StartAsync(server.Url);
        recorder.Record(new MessageRecord { StartTime = Noon, EndTime = Noon, TraceId = "t-1" });
        recorder.Record(new MessageRecord { MessageId = "m-1", StartTime = Noon, EndTime = Noon });
        await recorder.FlushAsync(Cancel);
        Assert.Equal((1, 1), (recorder.Counts.Sent, recorder.Counts.Refused));
    }

    [Fact]
    public async Task Without_a_server_the_queue_fills_the_caller_never_waits_and_the_end_is_bounded()
    {
        await using var recorder = await StartAsync(Ports.DeadEnd, options => (options.QueueRecords, options.ShutdownTimeout) = (10, TimeSpan.FromMilliseconds(50)));
        var taken = Enumerable.Range(0, 1_000).Count(i => recorder.Record(new MessageRecord { MessageId = $"m-{i}", StartTime = Noon, EndTime = Noon }));
        Assert.True(taken < 1_000);
        Assert.Equal(1_000 - taken, recorder.Counts.QueueFull);
        await recorder.StopAsync(Cancel);
        Assert.Equal(taken, recorder.Counts.Stopped);
        Assert.False(recorder.Record(new MessageRecord { MessageId = "late", StartTime = Noon, EndTime = Noon }));
    }

    [Fact]
    public async Task With_a_spool_folder_what_could_not_be_sent_arrives_after_a_restart()
    {
        using var folder = new TempFolder();
        await using (var recorder = await StartAsync(Ports.DeadEnd, options => (options.SpoolFolder, options.ShutdownTimeout) = (folder.Path, TimeSpan.FromMilliseconds(50))))
        {
            for (var i = 0; i < 250; i++) Assert.True(recorder.Record(new MessageRecord { MessageId = $"m-{i}", StartTime = Noon, EndTime = Noon }));
            await recorder.FlushAsync(Cancel);
            await recorder.StopAsync(Cancel);
            Assert.Equal((0, 0), (recorder.Counts.Sent, recorder.Counts.Stopped));
        }

        // A file cut short and one left behind by a crash disturb nothing.
        await File.WriteAllTextAsync(Path.Combine(folder.Path, "00000000000000000000.records.json"), "[{", Cancel);
        await File.WriteAllTextAsync(Path.Combine(folder.Path, "00000000000000000009.records.json.new"), "[", Cancel);
        await using var server = await Traffic.ServerAsync();
        await using (var recorder = await StartAsync(server.Url, options => options.SpoolFolder = folder.Path))
        {
            await recorder.StopAsync(Cancel);
            Assert.Equal((250, 1), (recorder.Counts.Sent, recorder.Counts.Unreadable));
        }

        await server.StoredAsync();
        Assert.Equal(250, (await server.AllAsync($"/api/v1/traces?{Traffic.Range}&limit=1000")).Count);
        Assert.Empty(Directory.GetFiles(folder.Path));
    }

    [Fact]
    public async Task A_full_spool_folder_drops_its_oldest_and_counts_them()
    {
        using var folder = new TempFolder();
        await using var recorder = await StartAsync(Ports.DeadEnd, options =>
            (options.SpoolFolder, options.SpoolBytes, options.BatchRecords, options.ShutdownTimeout) = (folder.Path, 1 << 20, 1, TimeSpan.FromMilliseconds(50)));
        var large = new string('x', 300_000);
        for (var i = 0; i < 10; i++) recorder.Record(new MessageRecord { MessageId = $"m-{i}", StartTime = Noon, EndTime = Noon, Outputs = large });
        await recorder.FlushAsync(Cancel);
        Assert.Equal(7, recorder.Counts.SpoolFull);
        Assert.Equal(3, Directory.GetFiles(folder.Path).Length);
    }

    [Fact]
    public async Task A_record_that_cannot_be_written_is_dropped_alone()
    {
        await using var server = await Traffic.ServerAsync();
        await using var recorder = await StartAsync(server.Url);
        recorder.Record(new MessageRecord { MessageId = "m-1", StartTime = Noon, EndTime = Noon, TtftMs = double.NaN });
        recorder.Record(new MessageRecord { MessageId = "m-2", StartTime = Noon, EndTime = Noon });
        await recorder.FlushAsync(Cancel);
        Assert.Equal((1, 1), (recorder.Counts.Sent, recorder.Counts.Unreadable));
    }

    [Fact]
    public void A_timer_takes_the_start_from_the_clock_and_the_length_from_the_monotonic_one()
    {
        var time = new ManualTime();
        var timer = RecordTimer.Start(time);
        time.Advance(TimeSpan.FromSeconds(3));
        Assert.Equal(TimeSpan.Zero, timer.StartTime.Offset);
        Assert.Equal(timer.StartTime.AddSeconds(3), timer.EndTime);
    }

    private static async Task<Recorder> StartAsync(Uri server, Action<RecorderOptions>? configure = null)
    {
        var options = new RecorderOptions { Endpoint = server, BatchDelay = TimeSpan.FromMilliseconds(20), BaseDelay = TimeSpan.FromMilliseconds(5), MaxDelay = TimeSpan.FromMilliseconds(50), ShutdownTimeout = Patience.Long, Timeout = Patience.Long };
        configure?.Invoke(options);
        var recorder = new Recorder(options, TimeProvider.System, NullLogger<Recorder>.Instance);
        await recorder.StartAsync(Cancel);
        return recorder;
    }
}
