using Callwatch.Spans;
using Callwatch.Store.Rows;
using Callwatch.Store.Writing;
using Callwatch.Testing;
using Xunit;

namespace Callwatch.Tests.Store;

public sealed class RowTests
{
    [Fact]
    public void A_span_reads_back_with_all_its_facts()
    {
        using var temp = new TempFolder();
        using var store = new TestStore(temp.Path);
        var span = Full();
        store.Store([new ArrivedSpan(span, new SpanVersion(3, 17), 999, A.Noon)]);
        using var reader = store.Folder.Open(store.Folder.Partitions[0])!;
        using var command = reader.Command($"SELECT {SpanRows.Columns} {SpanRows.FromCalls}");
        using var row = command.ExecuteReader();
        Assert.True(row.Read());
        Assert.Equal(SpanRows.ColumnCount, row.FieldCount);
        var stored = SpanRows.Read(row, reader);
        Assert.Equal((new SpanVersion(3, 17), 999, A.Noon, true), (stored.Version, stored.Length, stored.ReceivedAt, stored.IsCall));
        Assert.Equivalent(StoredForm.Of(span), stored.Span, strict: true);
        Assert.Equivalent(StoredForm.Of(span), stored.Raw, strict: true);
    }

    [Fact]
    public void Hostile_text_is_stored_whatever_it_holds()
    {
        using var temp = new TempFolder();
        using var store = new TestStore(temp.Path);
        string[] texts = ["a\0b", "\ud800 half", "'; DROP TABLE spans; --", new string('x', 5_000), "你好 👋", "\u0001\u001f\"\\", " "];
        for (var i = 0; i < texts.Length; i++)
        {
            var span = Full() with { SpanId = new SpanId((ulong)i + 1), Name = texts[i], UserId = texts[i], Tags = [texts[i]], InputPreview = texts[i], SessionId = texts[i] };
            store.Store([new ArrivedSpan(span, new SpanVersion(i + 1, 0), 1, A.Noon)]);
            store.Store([new ArrivedSpan(span with { Name = "again" }, new SpanVersion(i + 100, 0), 1, A.Noon)]);
        }

        var contents = store.Contents();
        Assert.Equal(texts.Length, contents.Calls.Count);
        Assert.Equal("你好 👋", contents.Calls.Single(call => call.SpanId.Value == 5).UserId);
        contents.AssertFiguresFollowFromRows();
        store.Restart();
        store.Contents().AssertFiguresFollowFromRows();
    }

    [Fact]
    public void Claims_beyond_all_bounds_do_not_overflow_a_figure()
    {
        using var temp = new TempFolder();
        using var store = new TestStore(temp.Path);
        var call = Full().Call! with
        {
            Usage = new TokenUsage { Input = long.MaxValue, Output = long.MaxValue, Total = long.MaxValue },
            Cost = new CallCost { TotalUsd = decimal.MaxValue, Source = "given" },
            TtftNanoseconds = long.MaxValue,
        };
        store.Store(Enumerable.Range(1, 500).Select(i => new ArrivedSpan(
            Full() with { SpanId = new SpanId((ulong)i), Call = call, DurationNanoseconds = long.MaxValue }, new SpanVersion(1, i), 1, A.Noon)));
        using var reader = store.Folder.Open(store.Folder.Partitions[0])!;
        using var command = reader.Command("SELECT sum(cost), sum(input_tokens), sum(latency_sum), max(latency_max) FROM rollups WHERE level = 2");
        using var row = command.ExecuteReader();
        Assert.True(row.Read());
        Assert.Equal((500 * 10_000L * 1_000_000_000_000, 500 * 1_000_000_000_000), (row.GetInt64(0), row.GetInt64(1)));
        Assert.True(row.GetInt64(2) > 0 && row.GetInt64(3) > 0);
    }

    private static Span Full() => new()
    {
        TenantId = 2,
        AppId = 3,
        TraceId = A.TraceId(9),
        SpanId = new SpanId(0xFFFF_0000_0000_0001),
        ParentSpanId = default,
        Name = "chat gpt-4o",
        DisplayName = "answer",
        Kind = SpanKind.Chat,
        Start = A.Noon,
        End = new Timestamp(A.Noon.UnixNanoseconds + 1_234_567_891),
        DurationNanoseconds = 1_234_567_891,
        Outcome = Outcome.Error,
        Error = new SpanError { Type = "RateLimitError", Group = "rate_limit", Message = "slow down" },
        HttpStatus = 429,
        Environment = "prod",
        Release = "1.2",
        UserId = "anna",
        SessionId = "s1",
        Tags = ["a", "b"],
        Metadata = new Dictionary<string, string> { ["plan"] = "pro" },
        Scores = [new Score("quality", 0.5, "fine", "judge")],
        InputPreview = "你好",
        OutputPreview = "hello",
        Content = ContentState.Present,
        Notes = ["tokens_contradict"],
        Call = new LlmCall
        {
            Source = CallSource.Recorded,
            Operation = "support",
            Provider = "openai",
            ProviderRaw = "openai.chat",
            ServerAddress = "api.example",
            RequestModel = "gpt-4o",
            ResponseModel = "gpt-4o-2024",
            ResponseId = "r1",
            Streaming = true,
            TtftNanoseconds = 120_000_000,
            TtftIsWeak = true,
            Usage = new TokenUsage
            {
                Input = 10,
                Output = 20,
                Total = 31,
                CacheRead = 1,
                CacheWrite = 2,
                CacheWrite1h = 1,
                Reasoning = 3,
                AudioInput = 4,
                AudioOutput = 5,
                ImageInput = 6,
                VideoInput = 7,
                Others = new Dictionary<string, decimal> { ["web_searches"] = 2.5m },
            },
            Cost = new CallCost
            {
                InputUsd = 0.1m,
                CacheReadUsd = 0.01m,
                CacheWriteUsd = 0.02m,
                OutputUsd = 0.000000000001m,
                ReasoningUsd = 0.03m,
                OtherUsd = 0.04m,
                TotalUsd = 0.200000000001m,
                Source = "computed",
                Reason = "standard_tier",
                PriceId = "gpt-4o",
                PriceBook = "v1",
                PricedModel = "gpt-4o",
            },
            Given = new GivenCost(0.2m, 0.1m, null),
            FinishReasons = ["stop", "length"],
            FinishReasonsRaw = ["end_turn", "max_tokens"],
            ToolCalls = [new ToolCallRef("t1", "search"), new ToolCallRef(null, "find")],
            Temperature = 0.7,
            TopP = 0.9,
            TopK = 40,
            FrequencyPenalty = 0.1,
            PresencePenalty = 0.2,
            Seed = 42,
            MaxTokens = 100,
            StopSequences = ["\n"],
            ReasoningEffort = "high",
            ResponseFormat = "json",
            ServiceTier = "flex",
            EmbeddingDimensions = 3,
            PromptName = "greet",
            PromptVersion = "7",
        },
    };
}
