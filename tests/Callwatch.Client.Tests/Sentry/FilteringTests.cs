using System.ComponentModel.DataAnnotations;
using System.Net;
using Callwatch.Client.Sentry;
using Callwatch.Client.Sentry.Errors;
using Xunit;

namespace Callwatch.Client.Tests.Sentry;

public sealed class FilteringTests
{
    public static TheoryData<Exception> Ignored() =>
    [
        new HttpRequestException("404", null, HttpStatusCode.NotFound), new FileNotFoundException("x"), new ValidationException("x"), new DerivedValidation(), new RateLimitException(),
        new Microsoft.AspNetCore.Http.BadHttpRequestException("x"), new AggregateException(new FileNotFoundException("x"), new ValidationException("y")),
    ];

    public static TheoryData<Exception> Reported() =>
    [
        new HttpRequestException("no connection"), new InvalidOperationException("x"), new NotSupportedException("x"), new TaskCanceledException("slow", new TimeoutException()),
        new AggregateException(new FileNotFoundException("x"), new InvalidOperationException("y")),
    ];

    [Theory, MemberData(nameof(Ignored))]
    public async Task What_is_no_error_of_the_application_is_not_reported(Exception exception)
    {
        await using var world = await World.StartAsync();
        Assert.Null(world.Hub.Capture(exception));
        Assert.Equal(1, world.Hub.Counts.Dropped["ignored"]);
    }

    [Theory, MemberData(nameof(Reported))]
    public async Task Everything_else_is(Exception exception)
    {
        await using var world = await World.StartAsync();
        Assert.NotNull(world.Hub.Capture(exception));
        await world.OneAsync();
    }

    [Fact]
    public async Task A_cancellation_is_no_error_once_the_host_is_ending()
    {
        await using var world = await World.StartAsync();
        world.Hub.Leaving();
        Assert.Null(world.Hub.Capture(new OperationCanceledException()));
        Assert.NotNull(world.Hub.Capture(new InvalidOperationException()));
    }

    [Fact]
    public async Task Types_can_be_added_and_taken_away_subclasses_are_meant_too()
    {
        await using var world = await World.StartAsync(options =>
        {
            options.IgnoredExceptions.Clear();
            options.IgnoredExceptions.Add("System.ArithmeticException");
        });
        Assert.Null(world.Hub.Capture(new DivideByZeroException()));
        Assert.NotNull(world.Hub.Capture(new FileNotFoundException()));
    }

    [Fact]
    public async Task The_hook_may_change_an_error_or_drop_it()
    {
        await using var world = await World.StartAsync(options => options.BeforeSend = told =>
        {
            if (told.Original is FormatException) return null;
            told.Exceptions[0].Value = "changed";
            told.Fingerprint.Add("{{ default }}");
            told.Fingerprint.Add("mail");
            told.Extra["attempt"] = "3";
            return told;
        });
        world.Hub.Capture(new FormatException("gone"));
        world.Hub.Capture(new InvalidOperationException("as it was"));
        var told = await world.OneAsync();
        Assert.Equal(("changed", """["{{ default }}","mail"]""", "3"), ((string?)told["exception"]!["values"]![0]!["value"], told["fingerprint"]!.ToJsonString(), (string?)told["extra"]!["attempt"]));
        Assert.Equal(1, world.Hub.Counts.Dropped["before_send"]);
    }

    [Fact]
    public async Task A_hook_that_throws_loses_that_error_only()
    {
        await using var world = await World.StartAsync(options => options.BeforeSend = told => told.Exceptions[0].Value == "first" ? throw new InvalidOperationException("of the hook") : told);
        world.Hub.Capture(new FormatException("first"));
        world.Hub.Capture(new FormatException("second"));
        Assert.Equal("second", (string?)(await world.OneAsync())["exception"]!["values"]![0]!["value"]);
        Assert.Equal(1, world.Hub.Counts.Dropped["event_processor"]);
    }

    [Theory]
    [InlineData("Incorrect API key provided: sk-proj-abcdefghijklmnop1234", "sk-proj")]
    [InlineData("Authorization: Bearer abc.def.ghi-jkl", "abc.def")]
    [InlineData("Host=db;Username=app;Password=hunter22;Database=x", "hunter22")]
    [InlineData("connecting to https://user:geheim12@db.example.org/x failed", "geheim12")]
    [InlineData("POST /v1?api_key=q9w8e7r6t5&x=1", "q9w8e7r6t5")]
    [InlineData("{\"client_secret\": \"very-secret-thing\"}", "very-secret-thing")]
    [InlineData("got eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc", "eyJhbGciOiJIUzI1NiJ9")]
    [InlineData("key cw_abcdefghijklmnopqrstuvwx refused", "cw_abcdefgh")]
    public void Keys_and_passwords_never_leave(string text, string secret)
    {
        foreach (var prompts in (bool[])[false, true]) Assert.DoesNotContain(secret, Scrub.Text(text, 1_000, prompts), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""refused: {"messages":[{"role":"user","content":"my \"secret\" story"}],"model":"gpt-4o"}""", "story")]
    [InlineData("""{"prompt": "tell me all""", "tell me")]
    [InlineData("""{"input":"a\\","x":1}""", "a\\\\")]
    public void Prompts_leave_only_when_they_may(string text, string prompt)
    {
        Assert.DoesNotContain(prompt, Scrub.Text(text, 1_000, prompts: false), StringComparison.Ordinal);
        Assert.Contains(prompt, Scrub.Text(text, 1_000, prompts: true), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("The mail could not be sent: SMTP 550")]
    [InlineData("Model gpt-4o answered 400 {\"error\":{\"message\":\"too long\",\"type\":\"invalid_request_error\"}}")]
    [InlineData("max_tokens is 4096; 17 tokens were used")]
    public void What_is_neither_stays_as_it_is(string text) => Assert.Equal(text, Scrub.Text(text, 1_000, prompts: false));

    [Fact]
    public async Task Texts_of_every_kind_are_scrubbed_before_the_hook_sees_them()
    {
        SentryEvent? seen = null;
        await using var world = await World.StartAsync(options => options.BeforeSend = told => seen = told);
        world.Hub.Breadcrumb("asked with api_key=q9w8e7r6t5y4");
        world.Hub.SetTag("api_key", "plain");
        world.Hub.SetTag("note", "Bearer abcdefgh12345");
        world.Hub.Capture(new InvalidOperationException("outer token=q9w8e7r6t5y4", new FormatException("inner password: q9w8e7r6t5y4")));
        var text = (await world.OneAsync()).ToJsonString();
        Assert.DoesNotContain("q9w8e7r6t5y4", text, StringComparison.Ordinal);
        Assert.DoesNotContain("abcdefgh12345", text, StringComparison.Ordinal);
        Assert.Equal(("[removed]", "Bearer [removed]"), (seen!.Tags["api_key"], seen.Tags["note"]));
    }

    private sealed class DerivedValidation() : ValidationException("x");

    private sealed class RateLimitException : Exception;
}
