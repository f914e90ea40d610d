using Callwatch.Spans;
using Callwatch.Testing;
using Xunit;

namespace Callwatch.Tests.Normalize.Fields;

public sealed class ErrorTests
{
    private static readonly (string, object?) Chat = ("gen_ai.operation.name", "chat");

    [Fact]
    public void A_status_of_error_fails_any_span()
    {
        var span = Normalized.Of(A.Span().Status(2, "out of range"));
        Assert.Equal((Outcome.Error, "_OTHER", "out of range", "other"), (span.Outcome, span.Error!.Type, span.Error.Message, span.Error.Group));
    }

    [Fact]
    public void Langfuse_tells_failures_by_level()
    {
        var span = Normalized.With(("langfuse.observation.type", "generation"), ("langfuse.observation.level", "ERROR"), ("langfuse.observation.status_message", "Error: 429 Rate limit reached"));
        Assert.Equal((Outcome.Error, "_OTHER", 429, "rate_limit"), (span.Outcome, span.Error!.Type, span.HttpStatus, span.Error.Group));
    }

    [Theory]
    [InlineData("RateLimitError", null, "rate_limit")]
    [InlineData("429", 429, "rate_limit")]
    [InlineData("AuthenticationError", null, "auth")]
    [InlineData("403", 403, "auth")]
    [InlineData("BadRequestError", null, "invalid_request")]
    [InlineData("APITimeoutError", null, "timeout")]
    [InlineData("System.TimeoutException", null, "timeout")]
    [InlineData("OverloadedError", null, "overloaded")]
    [InlineData("529", 529, "overloaded")]
    [InlineData("500", 500, "server")]
    [InlineData("InternalServerError", null, "server")]
    [InlineData("ContentFilterError", null, "content_filter")]
    [InlineData("SomethingElse", null, "other")]
    public void An_error_type_fails_the_span_and_tells_the_group(string type, int? status, string group)
    {
        var span = Normalized.With(Chat, ("error.type", type));
        Assert.Equal((Outcome.Error, type, status, group), (span.Outcome, span.Error!.Type, span.HttpStatus, span.Error.Group));
    }

    [Theory]
    [InlineData("APIUserAbortError")]
    [InlineData("AbortError")]
    [InlineData("System.OperationCanceledException")]
    [InlineData("System.Threading.Tasks.TaskCanceledException")]
    [InlineData("asyncio.exceptions.CancelledError")]
    public void A_caller_that_goes_away_is_no_failure(string type)
    {
        var span = Normalized.Of(A.Span().With(Chat, ("error.type", type)).Status(2));
        Assert.Equal((Outcome.Cancelled, "cancelled"), (span.Outcome, span.Error!.Group));
    }

    [Fact]
    public void The_time_limit_of_dotnets_client_is_a_failure_though_it_says_cancelled()
    {
        var span = Normalized.Of(A.Span().With(Chat, ("error.type", "System.Threading.Tasks.TaskCanceledException"))
            .Status(2, "The request was canceled due to the configured HttpClient.Timeout of 100 seconds elapsing."));
        Assert.Equal((Outcome.Error, "timeout"), (span.Outcome, span.Error!.Group));
    }

    [Fact]
    public void A_finish_reason_of_cancelled_makes_the_outcome() =>
        Assert.Equal(Outcome.Cancelled, Normalized.With(Chat, ("gen_ai.response.finish_reasons", new[] { "cancelled" })).Outcome);

    [Fact]
    public void An_exception_on_a_span_without_status_fails_it()
    {
        var span = Normalized.Of(A.Span().Event("exception", ("exception.type", "RangeError"), ("exception.message", "out"), ("exception.stacktrace", "at x")));
        Assert.Equal((Outcome.Error, "RangeError", "out", "at x"), (span.Outcome, span.Error!.Type, span.Error.Message, span.Error.Stack));
    }

    [Fact]
    public void A_handled_exception_on_a_span_that_went_well_fails_nothing()
    {
        var retried = A.Span().With(Chat, ("gen_ai.response.id", "r1")).Status(1).Event("exception", ("exception.type", "RateLimitError"));
        Assert.Equal(Outcome.Success, Normalized.Of(retried).Outcome);
        Assert.Equal(Outcome.Success, Normalized.Of(A.Span().Status(1).Event("exception", ("exception.type", "RateLimitError"))).Outcome);
    }

    [Fact]
    public void A_call_without_any_sign_of_an_answer_failed_whatever_its_status()
    {
        var span = Normalized.Of(A.Span().With([Chat]).Status(1).Event("exception", ("exception.type", "Error"), ("exception.message", "Error: 429 Rate limit reached")));
        Assert.Equal((Outcome.Error, 429, "rate_limit"), (span.Outcome, span.HttpStatus, span.Error!.Group));
    }

    [Fact]
    public void The_exception_that_left_the_span_counts_before_later_ones()
    {
        var span = Normalized.Of(A.Span().Status(2)
            .Event("exception", ("exception.type", "First"), ("exception.escaped", true)).Event("exception", ("exception.type", "Second")));
        Assert.Equal("First", span.Error!.Type);
    }

    [Fact]
    public void An_exception_may_come_as_a_log_record()
    {
        var span = Normalized.Of(A.Span().With([Chat]), A.Log("gen_ai.client.operation.exception").With("exception.type", "RateLimitError").With("exception.message", "slow down"));
        Assert.Equal((Outcome.Error, "RateLimitError", "slow down"), (span.Outcome, span.Error!.Type, span.Error.Message));
    }

    [Fact]
    public void A_log_line_with_an_exception_explains_a_failure_and_makes_none()
    {
        var line = A.Log("").With("exception.type", "TimeoutException").With("exception.message", "slow");
        Assert.Equal(Outcome.Success, Normalized.Of(A.Span().With([Chat]), line).Outcome);
        Assert.Equal(("TimeoutException", "slow"), (Normalized.Of(A.Span().With([Chat]).Status(2), line).Error!.Type, Normalized.Of(A.Span().Status(2), line).Error!.Message));
        Assert.Equal("Told", Normalized.Of(A.Span().Event("exception", ("exception.type", "Told")), line).Error!.Type);
    }

    [Fact]
    public void A_bad_http_status_fails_calls_and_not_plain_requests()
    {
        var call = Normalized.With(Chat, ("http.response.status_code", 503));
        Assert.Equal((Outcome.Error, "503", 503, "overloaded"), (call.Outcome, call.Error!.Type, call.HttpStatus, call.Error.Group));
        var request = Normalized.With(("http.request.method", "GET"), ("http.response.status_code", 404));
        Assert.Equal((Outcome.Success, 404), (request.Outcome, request.HttpStatus));
    }

    [Theory]
    [InlineData("429 Rate limit reached", 429)]
    [InlineData("HTTP 500 (server)", 500)]
    [InlineData("Error: 400 bad", 400)]
    [InlineData("4290 things", null)]
    [InlineData("200 is fine", null)]
    [InlineData("upstream timed out", null)]
    public void A_status_at_the_start_of_the_message_is_read(string message, int? status) => Assert.Equal(status, Normalized.Of(A.Span().With([Chat]).Status(2, message)).HttpStatus);

    [Fact]
    public void Silence_is_success() => Assert.Equal((Outcome.Success, null), (Normalized.Of(A.Span()).Outcome, Normalized.Of(A.Span()).Error));
}
