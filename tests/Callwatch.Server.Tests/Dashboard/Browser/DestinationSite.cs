using System.Text.Json.Nodes;
using Callwatch.Control;
using Callwatch.Forward.Desk;
using Callwatch.Forward.Lanes;
using Callwatch.Server.Access;
using Callwatch.Testing;
using Callwatch.Testing.StandIns;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Callwatch.Server.Tests.Dashboard.Browser;

/// <summary>A receiver of OTLP that answers by the path it is asked at: as a platform in health, one that refuses us, one that is away, one that takes nothing.</summary>
public sealed class MoodyPlatform : StandIn
{
    /// <summary>What is said of each refused request.</summary>
    public string Words { get; set; } = "span attribute \"llm.token_count.total\" must be a number " + HostileTraffic.Evil;

    protected override StandInAnswer Answer(StandInRequest request) => request.Path switch
    {
        _ when request.Path.StartsWith("/blocked/", StringComparison.Ordinal) => Json(401, new JsonObject { ["error"] = "Invalid token" }),
        _ when request.Path.StartsWith("/away/", StringComparison.Ordinal) => Json(503, new JsonObject { ["message"] = "The ingest queue is full" }).With("Retry-After", "45"),
        _ when request.Path.StartsWith("/refuses/", StringComparison.Ordinal) && !IsCheck(request) => Json(400, new JsonObject { ["message"] = Words }),
        _ => new StandInAnswer(200, "{}"),
    };

    // A check sends a request without spans.
    private static bool IsCheck(StandInRequest request) => request.Json()?["resourceSpans"] is not JsonArray { Count: > 0 };
}

/// <summary>A server with a lane in every state, a platform for them, and a browser.</summary>
public sealed class DestinationSite : IAsyncLifetime
{
    public const string Secret = "hush-0123456789-do-not-show";

    public const int Calls = 4;

    public RunningServer Server { get; private set; } = null!;

    public MoodyPlatform Platform { get; } = new();

    public Chromium Chromium { get; } = new();

    public IDestinationDesk Desk => Server.Services.GetRequiredService<IDestinationDesk>();

    public ILanes Lanes => Server.Services.GetRequiredService<ILanes>();

    public int Healthy { get; private set; }

    public int Blocked { get; private set; }

    public int Away { get; private set; }

    public int Refusing { get; private set; }

    public int Paused { get; private set; }

    public async ValueTask InitializeAsync()
    {
        await Platform.StartAsync();
        Server = await RunningServer.StartAsync(settings: [("Callwatch:Forward:AllowPrivateAddresses", "true"), ("Callwatch:Forward:BatchDelay", "00:00:00.05")]);
        await Chromium.InitializeAsync();
        Healthy = await MakeAsync("Data lake", "healthy");
        Blocked = await MakeAsync(HostileTraffic.Evil[..60], "blocked");
        Away = await MakeAsync("Collector in Frankfurt", "away");
        Refusing = await MakeAsync("Strict platform", "refuses");
        Paused = await MakeAsync("Archive", "healthy");
        Desk.Pause(Tenants.DefaultId, Paused, "test");
        for (var i = 0; i < Calls; i++) await Traffic.SendCallAsync(Server.Http, "anna", TestContext.Current.CancellationToken);
        await Stored.AllAsync(Server);
        var letters = Server.Services.GetRequiredService<DeadLetters>();
        await UntilAsync(() => Lanes.Status(Healthy) is { Sent: Calls, Backlog: 0 }, "delivered");
        await UntilAsync(() => Lanes.Status(Blocked)?.State == LaneState.Blocked, "blocked");
        await UntilAsync(() => Lanes.Status(Away)?.State == LaneState.Retrying, "retrying");
        await UntilAsync(() => letters.Count(Refusing) == Calls, "dead letters");
    }

    public async ValueTask DisposeAsync()
    {
        await Chromium.DisposeAsync();
        await Server.DisposeAsync();
        await Platform.DisposeAsync();
    }

    /// <summary>Looks now and then, so that the server in this process gets on with what is waited for.</summary>
    public static Task UntilAsync(Func<bool> condition, string what) => Eventually.AnswersAsync(() => Task.FromResult(condition() ? what : null), () => what);

    /// <summary>An OTLP destination at a mood of the platform, its header a secret.</summary>
    public async Task<int> MakeAsync(string name, string mood)
    {
        var answer = await Desk.CreateAsync(Tenants.DefaultId, new DestinationWish { Name = name, Kind = "otlp", Config = Config(mood) }, "test", TestContext.Current.CancellationToken);
        return Assert.IsType<DestinationAnswer.Done>(answer).Destination.Id;
    }

    public JsonObject Config(string mood) => new()
    {
        ["endpoint"] = AddressOf(mood),
        ["protocol"] = "http/json",
        ["headers"] = new JsonObject { ["Authorization"] = Secret },
        ["link_template"] = "https://lake.example/trace/{trace_id}",
    };

    public string AddressOf(string mood) => new Uri(Platform.Address, mood).ToString();

    /// <summary>Somebody who has come by the link of the start, and may change things.</summary>
    public async Task<Visitor> SignedInAsync(int width = 1440, bool script = true, string locale = "en-GB")
    {
        var visitor = await Chromium.VisitorAsync(Server.Url, width, script: script, locale: locale);
        await visitor.GoAsync(Server.Services.GetRequiredService<SignInLinks>().NewPath());
        return visitor;
    }
}
