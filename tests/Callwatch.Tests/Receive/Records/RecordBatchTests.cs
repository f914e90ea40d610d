using System.Text;
using Callwatch.Receive.Bodies;
using Callwatch.Receive.Otlp;
using Callwatch.Receive.Records;
using Callwatch.Testing;
using Xunit;

namespace Callwatch.Tests.Receive.Records;

public sealed class RecordBatchTests
{
    private static readonly byte[] Good = Encoding.UTF8.GetBytes("""
        [{"type":"message","message_id":"m","start_time":"2026-09-17T12:00:00Z","end_time":"2026-09-17T12:00:01.5Z","inputs":[{"role":"user","text":"hi"}],"outputs":"ho","usage":{"input_tokens":3},"metadata":{"a":1},"tags":["x"],"extra":[1,2]},
         {"type":"workflow","workflow_run_id":"r","start_time":"2026-09-17T12:00:00Z","end_time":"2026-09-17T12:00:01Z","nodes":[{"node_execution_id":"n","start_time":"2026-09-17T12:00:00Z","end_time":"2026-09-17T12:00:01Z","model_name":"gpt-4o","prompt_tokens":5,"total_price":0.1,"currency":"USD"}]},
         {"type":"tool","tool_name":"t","message_id":"m","start_time":"2026-09-17T12:00:00Z","end_time":"2026-09-17T12:00:01Z","tool_inputs":{"city":"Paris"},"error":"no"}]
        """);

    [Fact]
    public Task Harmed_records_never_throw_and_what_is_written_is_whole() => Fuzz.ReadAsync(31, 3_000, [Good], bytes =>
    {
        var batch = New();
        using var buffer = new PayloadBuffer(budget: null, maxBytes: 1 << 24);
        if (batch.Write(bytes, buffer) is not null) return;
        var spans = 0;
        foreach (var span in OtlpSpan.In(buffer.Written))
        {
            if (span.TraceId.IsNone || span.SpanId.IsNone || span.StartUnixNanoseconds == 0) throw new InvalidOperationException("A span without an identity or a time.");
            spans++;
        }

        if (spans < batch.Accepted) throw new InvalidOperationException("Fewer spans than records.");
    });

    [Fact]
    public void Records_that_come_to_more_spans_than_allowed_are_refused_from_there_on()
    {
        var batch = new RecordBatch(1, new RecordHints(null, null, null), mostSpans: 4, mostNesting: 64);
        using var buffer = new PayloadBuffer(budget: null, maxBytes: 1 << 20);
        Assert.Null(batch.Write(Good, buffer));
        Assert.Equal([(1, "too_many")], batch.Refused.Select(refused => (refused.Index, refused.Code)));
        Assert.Equal(2, batch.Accepted);
    }

    [Fact]
    public void A_body_of_more_records_than_can_be_answered_for_is_refused_whole()
    {
        var batch = New();
        using var buffer = new PayloadBuffer(budget: null, maxBytes: 1 << 20);
        Assert.Contains("200000 records", batch.Write(Encoding.UTF8.GetBytes("[" + string.Join(',', Enumerable.Repeat('0', 200_001)) + "]"), buffer), StringComparison.Ordinal);
        Assert.Empty(batch.Refused);
    }

    [Theory]
    [InlineData("""["a",1]""", 350_000)]
    [InlineData("0", 1_000_001)]
    public void A_record_that_would_take_too_much_as_a_tree_is_refused_and_the_others_are_taken(string value, int times)
    {
        var nodes = string.Join(',', Enumerable.Repeat(value, times));
        const string Times = """ "start_time":"2026-09-17T12:00:00Z","end_time":"2026-09-17T12:00:01Z" """;
        var batch = New();
        using var buffer = new PayloadBuffer(budget: null, maxBytes: 1 << 24);
        Assert.Null(batch.Write(Encoding.UTF8.GetBytes($$"""[{"type":"message","message_id":"a",{{Times}},"x":[{{nodes}}]},{"type":"message","message_id":"b",{{Times}}}]"""), buffer));
        Assert.Equal([(0, "too_large")], batch.Refused.Select(refused => (refused.Index, refused.Code)));
        Assert.Equal(1, batch.Accepted);
    }

    [Fact]
    public void A_record_of_more_bytes_than_one_may_have_is_refused()
    {
        var batch = New();
        using var buffer = new PayloadBuffer(budget: null, maxBytes: 1 << 26);
        Assert.Null(batch.Write(Encoding.UTF8.GetBytes($$"""{"type":"message","message_id":"a","start_time":"2026-09-17T12:00:00Z","end_time":"2026-09-17T12:00:01Z","outputs":"{{new string('x', 33 << 20)}}"}"""), buffer));
        Assert.Equal("too_large", Assert.Single(batch.Refused).Code);
        Assert.Equal(0, buffer.Length);
    }

    [Fact]
    public void Ids_depend_on_the_tenant_where_the_key_is_no_id_of_its_own()
    {
        Assert.Equal(RecordIds.TraceOf(1, "m-1"), RecordIds.TraceOf(1, "m-1"));
        Assert.NotEqual(RecordIds.TraceOf(1, "m-1"), RecordIds.TraceOf(2, "m-1"));
        Assert.Equal("7b0c2d9e4f1a4c3b9d2e1f0a5b6c7d8e", RecordIds.TraceOf(2, "7B0C2D9E-4F1A-4C3B-9D2E-1F0A5B6C7D8E").ToString());
        Assert.Equal("0af7651916cd43dd8448eb211c80319c", RecordIds.TraceOf(3, "0af7651916cd43dd8448eb211c80319c").ToString());
        // The hash as it is documented: each part behind its length.
        var hash = System.Security.Cryptography.SHA256.HashData([0, 0, 0, 1, (byte)'1', 0, 0, 0, 3, (byte)'m', (byte)'-', (byte)'1']);
        Assert.Equal(Convert.ToHexStringLower(hash)[..32], RecordIds.TraceOf(1, "m-1").ToString());
    }

    [Fact]
    public void A_stopped_run_is_cancelled_and_one_that_succeeded_in_part_succeeded()
    {
        Assert.Equal([0, 2, 2], ((string[])["partial-succeeded", "stopped", "failed"]).Select(status => Only($$"""
            {"type":"workflow","workflow_run_id":"r","start_time":"2026-09-17T12:00:00Z","end_time":"2026-09-17T12:00:01Z","workflow_run_status":"{{status}}"}
            """)));
    }

    private static RecordBatch New() => new(1, new RecordHints(null, null, null), mostSpans: 1_000, mostNesting: 64);

    private static int Only(string record)
    {
        using var buffer = new PayloadBuffer(budget: null, maxBytes: 1 << 20);
        Assert.Null(New().Write(Encoding.UTF8.GetBytes(record), buffer));
        foreach (var span in OtlpSpan.In(buffer.Written)) return span.StatusCode;
        return -1;
    }
}
