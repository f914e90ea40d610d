using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using Callwatch.Control;
using Callwatch.Server.Access;
using Callwatch.Server.Tests.Destinations;
using Callwatch.Server.Tests.Reading;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Callwatch.Server.Tests.Access;

public sealed class SecretsInLogsTests
{
    [Fact]
    public async Task No_secret_reaches_the_log_however_much_is_logged()
    {
        var log = new CapturedLog();
        await using var server = await StartAsync(log);
        var admin = Key.AdminOf(server);
        var made = Key.Make(server, KeyScopes.Read);
        const string Unknown = "cw_unknown-0123456789-0123456789";
        var link = server.Services.GetRequiredService<SignInLinks>().NewPath();
        await SendAsync(server, Key.With(admin, HttpMethod.Get, "/api/v1/keys"));
        await SendAsync(server, Key.With(made, HttpMethod.Post, "/api/v1/keys"));
        await SendAsync(server, Key.With(Unknown, HttpMethod.Get, "/api/v1/apps"));
        await SendAsync(server, Key.With(null, HttpMethod.Get, "/api/v1/apps", ("x-api-key", made), ("Accept", "text/html")));
        await SendAsync(server, Key.With(null, HttpMethod.Get, link));
        using (var form = Key.With(null, HttpMethod.Post, "/sign-in"))
        {
            form.Content = new FormUrlEncodedContent([new("key", made)]);
            await SendAsync(server, form);
        }

        await SendRawAsync(server, $"GET / HTTP/1.1\r\nHost: localhost\r\nAuthorization Bearer {made}\r\n\r\n");
        await SendRawAsync(server, $"GET /{made} {made} HTTP/1.1\r\nHost: localhost\r\n\r\n");

        var text = string.Join('\n', log.Lines);
        Assert.NotEmpty(text);
        foreach (var secret in new[] { admin, made, Unknown, link[(link.IndexOf('=', StringComparison.Ordinal) + 1)..] })
            Assert.DoesNotContain(secret, text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task No_secret_of_a_destination_and_nothing_of_a_trace_reaches_log_or_answer_however_it_fails()
    {
        const string Secret = "destination-secret/4711";
        const string Prompt = "the prompt that nobody but us may read";
        var log = new CapturedLog();
        await using var server = await StartAsync(log, Forwarding.Settings);
        await using var picky = await PickyCollector.StartAsync();
        picky.Refuses = 401;
        picky.Says = $$"""{"message":"{{Secret}} is no key"}""";
        var destination = Forwarding.ToOtlp(picky.Url, key: Secret);
        List<JsonNode?> answers = [];
        var made = await server.AddAsync(destination);
        answers.Add(made);
        answers.Add(await server.CallAsync(HttpMethod.Post, "/api/v1/destinations/check", destination.ToJsonString()));
        answers.Add(await server.CallAsync(HttpMethod.Post, $"/api/v1/destinations/{made["id"]}/check"));
        foreach (var wrong in new[] { $$$"""{"config":{"headers":["{{{Secret}}}"]}}""", $$$"""{"config":{"headers":{"a":"{{{Secret}}}\n"} } }""", $$$"""{"config":{"{{{Secret}}}":1}}""", $$$"""{"config":{"endpoint":"http://user:{{{Secret}}}@host.example"}}""" })
        {
            var problem = await server.CallAsync(HttpMethod.Put, $"/api/v1/destinations/{made["id"]}", wrong, HttpStatusCode.UnprocessableEntity);

            // A name that is none of a field is said again, or nobody would know which.
            if (!wrong.Contains($"\"{Secret}\":", StringComparison.Ordinal)) answers.Add(problem);
        }

        var nobody = await server.AddAsync(Forwarding.ToOtlp(new Uri("http://127.0.0.1:1"), "nobody there", Secret));
        await Forwarding.SendAsync(server.Http, Forwarding.Trace(1, question: Prompt));
        answers.Add(await server.StatusAsync(made, now => (string?)now["state"] == "blocked", "the lane is blocked"));
        answers.Add(await server.StatusAsync(nobody, now => (string?)now["state"] == "retrying", "the other lane is retrying"));
        answers.Add(await server.GetAsync("/api/v1/destinations", Key.AdminOf(server)));

        var text = string.Join('\n', log.Lines);
        Assert.NotEmpty(text);
        Assert.DoesNotContain(Prompt, text, StringComparison.Ordinal);
        foreach (var form in new[] { Secret, Uri.EscapeDataString(Secret), Convert.ToBase64String(Encoding.UTF8.GetBytes(Secret)) })
        {
            Assert.DoesNotContain(form, text, StringComparison.Ordinal);
            Assert.All(answers, answer => Assert.DoesNotContain(form, answer!.ToJsonString(), StringComparison.Ordinal));
        }
    }

    private static Task<RunningServer> StartAsync(CapturedLog log, params (string Key, string? Value)[] settings) => RunningServer.StartAsync(
        settings:
        [
            ("Logging:LogLevel:Default", "Trace"), ("Logging:LogLevel:Microsoft.AspNetCore", "Trace"),
            ("Logging:LogLevel:Microsoft.AspNetCore.Hosting.Diagnostics", "Trace"), ("Logging:LogLevel:Microsoft.AspNetCore.Server.Kestrel", "Trace"),
            ("Logging:LogLevel:Microsoft.AspNetCore.Server.Kestrel.BadRequests", "Trace"), .. settings,
        ],
        services: services => services.AddSingleton<ILoggerProvider>(log));

    private static async Task SendAsync(RunningServer server, HttpRequestMessage request)
    {
        using (request)
        using (await server.Http.SendAsync(request, TestContext.Current.CancellationToken))
        {
        }
    }

    private static async Task SendRawAsync(RunningServer server, string request)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(server.Url.Host, server.Url.Port, TestContext.Current.CancellationToken);
        var stream = client.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes(request), TestContext.Current.CancellationToken);
        using var reader = new StreamReader(stream);
        await reader.ReadLineAsync(TestContext.Current.CancellationToken);
    }

    private sealed class CapturedLog : ILoggerProvider
    {
        public ConcurrentQueue<string> Lines { get; } = [];

        public ILogger CreateLogger(string categoryName) => new Logger(this, categoryName);

        public void Dispose()
        {
        }

        private sealed class Logger(CapturedLog log, string category) : ILogger
        {
            public IDisposable? BeginScope<TState>(TState state)
                where TState : notnull
            {
                log.Lines.Enqueue(category + " scope " + state);
                return null;
            }

            public bool IsEnabled(LogLevel logLevel) => true;

            public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
                log.Lines.Enqueue(category + " " + formatter(state, exception) + " " + exception);
        }
    }
}
