using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Callwatch.Control;
using Callwatch.Server.Tests.Destinations;
using Callwatch.Server.Tests.Media;
using Callwatch.Server.Tests.Reading;
using Callwatch.Testing;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Patterns;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Callwatch.Server.Tests.Access;

/// <summary>A tenant with some of everything there is, in which a word stands that stands nowhere else; and the real addresses of all of it.</summary>
internal sealed class Victim
{
    /// <summary>Whoever reads it has seen something of the tenant's.</summary>
    public const string Word = "zanzibar";

    private const string App = Word + "-shop";
    private const ulong Trace = 77;

    private readonly Dictionary<string, string> ids = [];
    private readonly RunningServer server;

    private Victim(RunningServer server, Tenant tenant) => (this.server, Tenant) = (server, tenant);

    public Tenant Tenant { get; }

    public static async Task<Victim> MakeAsync(RunningServer server)
    {
        var victim = new Victim(server, server.Services.GetRequiredService<Tenants>().Create("victim")!);
        await victim.FillAsync();
        return victim;
    }

    /// <summary>The path of a route, with what is this tenant's in the place of its parameters.</summary>
    public string PathOf(RouteEndpoint route) => "/" + string.Join('/', route.RoutePattern.PathSegments.Select(segment => string.Concat(segment.Parts.Select(part => part switch
    {
        RoutePatternLiteralPart literal => literal.Content,
        RoutePatternSeparatorPart separator => separator.Content,
        RoutePatternParameterPart parameter => Uri.EscapeDataString(ValueFor(parameter.Name, route.RoutePattern.RawText ?? "")),
        _ => "",
    }))));

    /// <summary>Everything of it that somebody could change, as its owner sees it.</summary>
    public async Task<string> StateAsync()
    {
        var state = new StringBuilder();
        string[] lists =
        [
            "apps", "keys", "views", "reconcile", "sign-ins", "settings/retention", "prices/reprice", "secrets", $"apps/{App}/tracing", "destinations/" + ids["destination"],
            $"destinations/{ids["destination"]}/replays", $"destinations/{ids["destination"]}/dead-letters", $"traces/{ids["trace"]}",
        ];
        foreach (var list in lists) state.AppendLine(Without(await AskAsync(HttpMethod.Get, "/api/v1/" + list))?.ToJsonString());
        return state.ToString();
    }

    private async Task FillAsync()
    {
        var now = Spans.Timestamp.From(TimeProvider.System.GetUtcNow());
        var request = A.Resource(null, ("callwatch.app", App), ("service.version", Word + "-1.0"), ("deployment.environment.name", Word + "-env")).Holding(
            A.Span(Word + " root").Trace(Trace).Id(1).Kind(2).Between(now.Plus(TimeSpan.FromSeconds(-2)), now).With(("user.id", Word + "-user"), ("session.id", Word + "-session")),
            Pictures.Call(Trace, Pictures.Url(Pictures.Png(20_000))).Id(2, under: 1).With(
                ("llm.model_name", Word + "-model"), ("user.id", Word + "-user"), ("output.value", Word + " answers"), ("metadata", $$"""{"{{Word}}":"{{Word}}"}"""), ("tag.tags", Word)),
            A.Span(Word + " tool").Trace(Trace).Id(3, under: 1).Between(now.Plus(TimeSpan.FromSeconds(-1)), now).Status(2, Word + " failed").With("openinference.span.kind", "TOOL")).Traces();
        await Forwarding.SendAsync(server.Http, request, Key.Make(server, KeyScopes.IngestAny, null, Tenant.Id));
        await server.StoredAsync();
        await server.IndexedAsync();
        ids["trace"] = A.TraceId(Trace).ToString();
        ids["span"] = new Spans.SpanId(2).ToString();
        var media = Directory.EnumerateFiles(Path.Combine(server.DataFolder, "media"), "*", SearchOption.AllDirectories).Select(Path.GetFileName).First(name => name!.Length == 64)!;
        ids["hash"] = media;
        var destination = Forwarding.ToOtlp(new Uri("http://127.0.0.1:9"), Word + "-destination", Word + "-secret");
        destination["apps"] = new JsonArray(App);
        destination["enabled"] = false;
        ids["destination"] = IdOf(await AskAsync(HttpMethod.Post, "/api/v1/destinations", destination.ToJsonString(), HttpStatusCode.Created));
        ids["replay"] = IdOf(await AskAsync(HttpMethod.Post, $"/api/v1/destinations/{ids["destination"]}/replay", """{"from":"2026-01-01T00:00:00Z","confirm_duplicates":true}""", HttpStatusCode.Accepted));
        ids["view"] = IdOf(await AskAsync(HttpMethod.Post, "/api/v1/views", $$"""{"page":"calls","name":"{{Word}} view","query":"app={{App}}"}""", HttpStatusCode.Created));
        ids["key"] = IdOf(await AskAsync(HttpMethod.Post, "/api/v1/keys", $$"""{"app":"{{App}}","scopes":["read"],"label":"{{Word}} key"}""", HttpStatusCode.Created));
        await AskAsync(HttpMethod.Put, "/api/v1/settings/retention", $$"""{"apps":[{"app":"{{App}}","rows_days":7}]}""");
        ids["import"] = IdOf(await AskAsync(
            HttpMethod.Post, "/api/v1/reconcile?name=" + Word + ".csv",
            $"start_time_iso,model,num_model_requests,input_tokens,output_tokens,input_cached_tokens\n2026-09-17T00:00:00+00:00,{Word}-model,34,130000,1700,0\n", HttpStatusCode.Created));
        ids["sign-in"] = Sessions.IdOf(server.Services.GetRequiredService<Sessions>().Begin(int.Parse(ids["key"], CultureInfo.InvariantCulture), TimeSpan.FromHours(1), Word));
    }

    private string ValueFor(string parameter, string route) => parameter switch
    {
        "trace_id" or "traceId" or "trace" => ids["trace"],
        "span_id" or "spanId" => ids["span"],
        "hash" => ids["hash"],
        "replay" => ids["replay"],
        "app" => App,
        "name" => "store",
        "field" => "model",
        _ when route.Contains("lookup", StringComparison.Ordinal) => ids["trace"],
        _ when route.Contains("destinations", StringComparison.Ordinal) => ids["destination"],
        _ when route.Contains("views", StringComparison.Ordinal) => ids["view"],
        _ when route.Contains("reconcile", StringComparison.Ordinal) => ids["import"],
        _ when route.Contains("sign-ins", StringComparison.Ordinal) => ids["sign-in"],
        _ when route.Contains("keys", StringComparison.Ordinal) => ids["key"],
        _ => "1",
    };

    private async Task<JsonNode?> AskAsync(HttpMethod method, string path, string? body = null, HttpStatusCode expected = HttpStatusCode.OK)
    {
        using var request = Key.With(Key.AdminOf(server), method, path, ("x-callwatch-tenant", Tenant.Name));
        if (body is not null) request.Content = new StringContent(body, Encoding.UTF8, body[0] == '{' ? "application/json" : "text/csv");
        using var answer = await server.Http.SendAsync(request, TestContext.Current.CancellationToken);
        var text = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.True(answer.StatusCode == expected, $"{method} {path}: {(int)answer.StatusCode} {text}");
        return JsonNode.Parse(text);
    }

    // How its lane is goes on changing by itself, and what a trace sums up to until it is settled: its spans are there or not.
    private static JsonNode? Without(JsonNode? node)
    {
        if (node?["spans"] is JsonArray spans) return string.Join(' ', spans.Select(span => span!["span_id"]!.GetValue<string>()).Order(StringComparer.Ordinal));
        if (node is JsonObject destination) destination.Remove("status");
        foreach (var replay in (node as JsonObject)?["items"]?.AsArray().OfType<JsonObject>() ?? [])
            foreach (var moving in (string[])["position", "sent", "state", "ended_at", "until", "expired"]) replay.Remove(moving);
        return node;
    }

    private static string IdOf(JsonNode? made) => made!["id"]!.ToString();
}

/// <summary>A server with a victim on it. Whoever changes something of the victim's has failed a test.</summary>
public sealed class VictimServer : IAsyncLifetime
{
    public RunningServer Server { get; private set; } = null!;

    internal Victim Victim { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        Server = await RunningServer.StartAsync(settings: [("Callwatch:Forward:AllowPrivateAddresses", "127.0.0.0/8"), ("Callwatch:Store:BatchDelay", "00:00:00")]);
        Victim = await Victim.MakeAsync(Server);
    }

    public ValueTask DisposeAsync() => Server.DisposeAsync();
}
