using System.Collections.Concurrent;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Callwatch.Control;
using Callwatch.Control.Secrets;
using Callwatch.Forward.Desk;
using Callwatch.Forward.Lanes;
using Callwatch.Server.Tests.Access;
using Callwatch.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Callwatch.Server.Tests.Destinations;

/// <summary>Secrets of destinations in the whole server: sealed, rotated while it runs, never to be seen.</summary>
public sealed class SecretsTests
{
    private const string Secret = "tok-very-secret-0123456789";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Keys_are_rotated_over_http_by_those_who_may()
    {
        await using var server = await RunningServer.StartAsync();
        var made = await CreateAsync(server, "https://collector.example:4318");
        var admin = Key.AdminOf(server);
        var before = Json(await AskAsync(server, admin, HttpMethod.Get, "/api/v1/secrets"));
        Assert.Equal(("master.key", 1, 1, 0), ((string?)before["source"], (int)before["data_keys"]!, (int)before["sealed"]!, (int)before["locked"]!));
        foreach (var what in (string[])["tenant", "all", "master"])
        {
            var done = Json(await AskAsync(server, admin, HttpMethod.Post, "/api/v1/secrets/rotate", $$"""{"what":"{{what}}"}"""));
            Assert.Equal((what, 1, what == "master" ? 0 : 1), ((string?)done["what"], (int)done["data_keys"]!, (int)done["secrets"]!));
            Assert.Equal(what == "master", (string?)done["master_key_id"] != (string?)before["master_key_id"]);
            Assert.Null(server.Services.GetRequiredService<IDestinationDesk>().Find(1, made.Id)!.Locked);
        }

        var tenantAdmin = Key.Make(server, KeyScopes.Admin);
        await AskAsync(server, tenantAdmin, HttpMethod.Post, "/api/v1/secrets/rotate", "{}");
        await AskAsync(server, tenantAdmin, HttpMethod.Post, "/api/v1/secrets/rotate", """{"what":"master"}""", HttpStatusCode.Forbidden);
        await AskAsync(server, tenantAdmin, HttpMethod.Post, "/api/v1/secrets/rotate", """{"what":"all"}""", HttpStatusCode.Forbidden);
        Assert.Equal("what", (string?)Json(await AskAsync(server, admin, HttpMethod.Post, "/api/v1/secrets/rotate", """{"what":"else"}""", HttpStatusCode.UnprocessableEntity))["field"]);
        await AskAsync(server, Key.Make(server, KeyScopes.Read), HttpMethod.Get, "/api/v1/secrets", null, HttpStatusCode.Forbidden);
    }

    [Fact]
    public async Task With_a_wrong_master_key_the_lane_is_blocked_and_says_so_and_the_rest_works()
    {
        using var folder = new TempFolder();
        int id;
        await using (var first = await RunningServer.StartAsync(folder.Path)) id = (await CreateAsync(first, "https://collector.example:4318")).Id;
        await using var server = await RunningServer.StartAsync(folder.Path, [("Callwatch:Secrets:MasterKey", Convert.ToBase64String(new byte[32]))]);
        var status = server.Services.GetRequiredService<ILanes>().Status(id)!;
        Assert.Equal(LaneState.Blocked, status.State);
        Assert.StartsWith("The master key is wrong", status.LastError!.Message, StringComparison.Ordinal);
        Assert.Contains("master key", status.LastError.Advice, StringComparison.Ordinal);
        foreach (var path in (string[])["/readyz", "/api/v1/calls", "/api/v1/system"])
        {
            using var response = await server.Http.GetAsync(new Uri(path, UriKind.Relative), Cancel);
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        }

        await SendTraceAsync(server.Http);
        Assert.Equal("other", (await UpdateAsync(server, id, new DestinationWish { Name = "other" })).Name);
    }

    [Fact]
    public async Task No_secret_reaches_log_answer_or_file_while_a_lane_fails_with_it()
    {
        await using var platform = await Platform.StartAsync();
        using var folder = new TempFolder();
        var log = new CapturedLog();
        var said = new List<string>();
        await using (var server = await RunningServer.StartAsync(
            folder.Path,
            [("Callwatch:Forward:AllowPrivateAddresses", "true"), ("Logging:LogLevel:Default", "Trace"), ("Logging:LogLevel:System.Net.Http", "Trace")],
            services => services.AddSingleton<ILoggerProvider>(log)))
        {
            var desk = server.Services.GetRequiredService<IDestinationDesk>();
            var made = await CreateAsync(server, platform.Address);
            var check = Assert.IsType<CheckAnswer.Checked>(await desk.CheckAsync(1, made.Id, null, Cancel));
            said.Add(check.ToString());
            said.Add(made.ToString() + made.Config.ToJsonString());
            await SendTraceAsync(server.Http);
            var lanes = server.Services.GetRequiredService<ILanes>();
            await Eventually.HoldsAsync(() => lanes.Status(made.Id)!.State == LaneState.Blocked, "the platform refuses us");
            Assert.Contains("***", lanes.Status(made.Id)!.LastError!.Message, StringComparison.Ordinal);
            said.Add(lanes.Status(made.Id)!.ToString());
            foreach (var path in (string[])["/api/v1/system", "/metrics", "/api/v1/secrets"]) said.Add(await AskAsync(server, Key.AdminOf(server), HttpMethod.Get, path));
        }

        Assert.NotEmpty(platform.Keys);
        Assert.All(platform.Keys, key => Assert.Equal(Secret, key));
        foreach (var text in (IEnumerable<string>)[.. said, .. log.Lines]) Assert.DoesNotContain(Secret, text, StringComparison.Ordinal);
        foreach (var file in Directory.EnumerateFiles(folder.Path, "*", SearchOption.AllDirectories).Where(file => new FileInfo(file).Length < 16 << 20))
            Assert.DoesNotContain(Secret, Encoding.Latin1.GetString(await File.ReadAllBytesAsync(file, Cancel)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_command_rotates_on_the_folder_beside_a_server_that_goes_on()
    {
        using var folder = new TempFolder();
        await using var server = await RunningServer.StartAsync(folder.Path);
        var made = await CreateAsync(server, "https://collector.example:4318");
        var id = server.Services.GetRequiredService<SecretsDesk>().State(null).MasterKeyId;
        var (code, output, error) = await CallwatchProcess.RunAsync(["secrets", "rotate", "--master", "--data", folder.Path, "--json"]);
        Assert.True(code == 0, error);
        Assert.NotEqual(id, (string?)Json(output)["master_key_id"]);
        (code, output, error) = await CallwatchProcess.RunAsync(["secrets", "rotate", "--data", folder.Path]);
        Assert.True(code == 0, error);
        Assert.Contains("New data keys: 1; destinations sealed anew: 1.", output, StringComparison.Ordinal);
        Assert.Null(server.Services.GetRequiredService<IDestinationDesk>().Find(1, made.Id)!.Locked);
        Assert.Equal(["headers"], (await UpdateAsync(server, made.Id, new DestinationWish { Config = new JsonObject { ["headers"] = new JsonObject { ["Authorization"] = null } } })).ConfigSet);

        (code, output, error) = await CallwatchProcess.RunAsync(["secrets", "rotate", "--server", server.Url.ToString(), "--key", Key.AdminOf(server)]);
        Assert.True(code == 0, error);
        (code, _, _) = await CallwatchProcess.RunAsync(["secrets", "show", "--data", folder.Path]);
        Assert.Equal(0, code);
        (code, _, error) = await CallwatchProcess.RunAsync(["secrets", "show", "--data", folder.Path], ("Callwatch__Secrets__MasterKey", Convert.ToBase64String(new byte[32])));
        Assert.Equal(1, code);
        (code, _, error) = await CallwatchProcess.RunAsync(["secrets", "show", "--data", folder.Path], ("Callwatch__Secrets__MasterKey", "short"));
        Assert.Equal((2, "callwatch: Callwatch:Secrets:MasterKey is not base64 of 32 bytes. Make one with: openssl rand -base64 32."), (code, error.Trim()));
    }

    [Fact]
    public async Task A_backup_holds_no_master_key_and_a_restore_says_so()
    {
        using var folder = new TempFolder();
        await using (var server = await RunningServer.StartAsync(folder.At("data"))) await CreateAsync(server, "https://collector.example:4318");
        var key = (await File.ReadAllTextAsync(folder.At("data", "master.key"), Cancel)).Trim();
        var (code, _, error) = await CallwatchProcess.RunAsync(["backup", folder.At("backup"), "--data", folder.At("data")]);
        Assert.True(code == 0, error);
        foreach (var file in Directory.EnumerateFiles(folder.At("backup"), "*", SearchOption.AllDirectories))
        {
            Assert.False(Path.GetFileName(file).StartsWith("master.key", StringComparison.Ordinal));
            Assert.DoesNotContain(key, Encoding.Latin1.GetString(await File.ReadAllBytesAsync(file, Cancel)), StringComparison.Ordinal);
        }

        (code, var output, _) = await CallwatchProcess.RunAsync(["restore", folder.At("backup"), "--data", folder.At("restored")]);
        Assert.Equal(0, code);
        Assert.Contains("The backup does not hold the master key", output, StringComparison.Ordinal);
        await using (var restored = await RunningServer.StartAsync(folder.At("restored")))
            Assert.Contains("no backup holds it", Assert.Single(restored.Services.GetRequiredService<IDestinationDesk>().List(1)).Locked, StringComparison.Ordinal);
        File.Copy(folder.At("data", "master.key"), folder.At("restored", "master.key"));
        await using var whole = await RunningServer.StartAsync(folder.At("restored"));
        Assert.Null(Assert.Single(whole.Services.GetRequiredService<IDestinationDesk>().List(1)).Locked);
    }

    private static async Task<DestinationView> CreateAsync(RunningServer server, string endpoint)
    {
        var config = new JsonObject { ["endpoint"] = endpoint, ["headers"] = new JsonObject { ["Authorization"] = Secret } };
        var answer = await server.Services.GetRequiredService<IDestinationDesk>().CreateAsync(1, new DestinationWish { Name = "collector", Kind = "otlp", Config = config }, "tester", Cancel);
        return Assert.IsType<DestinationAnswer.Done>(answer).Destination;
    }

    private static async Task<DestinationView> UpdateAsync(RunningServer server, int id, DestinationWish wish) =>
        Assert.IsType<DestinationAnswer.Done>(await server.Services.GetRequiredService<IDestinationDesk>().UpdateAsync(1, id, wish, "tester", Cancel)).Destination;

    private static async Task SendTraceAsync(HttpClient http)
    {
        var now = TimeProvider.System.GetUtcNow();
        var nanoseconds = now.ToUnixTimeMilliseconds() * 1_000_000;
        var otlp = $$"""{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"5b8efff798038103d269b633813fc60c","spanId":"eee19b7ec3c1b174","name":"chat","startTimeUnixNano":"{{nanoseconds - 1_000_000}}","endTimeUnixNano":"{{nanoseconds}}"}]}]}]}""";
        using var content = new StringContent(otlp, Encoding.UTF8, "application/json");
        using var response = await http.PostAsync(new Uri("/v1/traces", UriKind.Relative), content, Cancel);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    private static async Task<string> AskAsync(RunningServer server, string key, HttpMethod method, string path, string? body = null, HttpStatusCode expected = HttpStatusCode.OK)
    {
        using var request = Key.With(key, method, path);
        if (body is not null) request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        using var response = await server.Http.SendAsync(request, Cancel);
        var text = await response.Content.ReadAsStringAsync(Cancel);
        Assert.True(expected == response.StatusCode, text);
        return text;
    }

    private static JsonObject Json(string text) => (JsonObject)JsonNode.Parse(text)!;

    /// <summary>Refuses every key, and repeats it in its words as careless servers do.</summary>
    private sealed class Platform(WebApplication app) : IAsyncDisposable
    {
        public ConcurrentQueue<string> Keys { get; } = new();

        public string Address => app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();

        public static async Task<Platform> StartAsync()
        {
            var builder = WebApplication.CreateSlimBuilder();
            builder.Logging.ClearProviders();
            builder.WebHost.UseUrls("http://127.0.0.1:0");
            var app = builder.Build();
            var platform = new Platform(app);
            app.Run(async http =>
            {
                var key = http.Request.Headers.Authorization.ToString();
                platform.Keys.Enqueue(key);
                http.Response.StatusCode = StatusCodes.Status401Unauthorized;
                http.Response.ContentType = "application/json";
                await http.Response.WriteAsync($$"""{"message":"no such key: {{key}}, nor {{Convert.ToBase64String(Encoding.UTF8.GetBytes(key))}}"}""");
            });
            await app.StartAsync(Cancel);
            return platform;
        }

        public ValueTask DisposeAsync() => app.DisposeAsync();
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
                where TState : notnull => null;

            public bool IsEnabled(LogLevel logLevel) => true;

            public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
                log.Lines.Enqueue(category + " " + formatter(state, exception) + " " + exception);
        }
    }
}
