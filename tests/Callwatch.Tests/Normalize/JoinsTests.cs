using Callwatch.Normalize;
using Callwatch.Receive.Otlp;
using Callwatch.Testing;
using Xunit;

namespace Callwatch.Tests.Normalize;

public sealed class JoinsTests
{
    [Fact]
    public void Genai_events_join_their_span_however_they_are_named()
    {
        Assert.True(Joins(A.Log("gen_ai.user.message")));
        Assert.True(Joins(A.Log("gen_ai.choice").NamedByAttribute()));
    }

    [Fact]
    public void Exceptions_join_their_span()
    {
        Assert.True(Joins(A.Log("gen_ai.client.operation.exception")));
        Assert.True(Joins(A.Log("").With("exception.type", "RateLimitError")));
    }

    [Fact]
    public void Other_logs_and_logs_that_name_no_span_do_not_join()
    {
        Assert.False(Joins(A.Log("http.request").With("http.route", "/")));
        Assert.False(Joins(A.Log("gen_ai.choice").For(trace: 1, span: 0)));
        Assert.False(Joins(A.Log("gen_ai.choice").For(trace: 0, span: 1)));
    }

    private static bool Joins(LogBuilder log)
    {
        foreach (var record in OtlpLog.In(A.Logs(log))) return SpanNormalizer.Joins(record);
        throw new InvalidOperationException("no log record");
    }
}
