using System.Collections.Concurrent;
using System.Net.Sockets;
using System.Text;
using Callwatch.Control;
using Callwatch.Server.Access;
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
        await using var server = await RunningServer.StartAsync(
            settings:
            [
                ("Logging:LogLevel:Default", "Trace"), ("Logging:LogLevel:Microsoft.AspNetCore", "Trace"),
                ("Logging:LogLevel:Microsoft.AspNetCore.Hosting.Diagnostics", "Trace"), ("Logging:LogLevel:Microsoft.AspNetCore.Server.Kestrel", "Trace"),
                ("Logging:LogLevel:Microsoft.AspNetCore.Server.Kestrel.BadRequests", "Trace"),
            ],
            services: services => services.AddSingleton<ILoggerProvider>(log));
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
