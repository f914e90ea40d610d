using System.Globalization;
using Callwatch.Cli.Demo.Dialects;
using Callwatch.Spans;

namespace Callwatch.Cli.Demo.Apps;

/// <summary>Rewrites a shop search and finds products by embedding: many small, fast calls.</summary>
internal sealed class SearchAssist : IDemoApp
{
    private static readonly DemoService Service = new("search-assist", "1.48.2", "production", "nodejs");

    private static readonly (string Typed, string Meant)[] Searches =
    [
        ("cheap tent 2 person rain", "two-person waterproof tent under 150 €"), ("shoes flat feet women", "women’s stability running shoes, flat feet"),
        ("kids bike 6 years", "children’s bicycle 20 inch, age 6"), ("coffee machine quiet camping", "quiet 12 V camping coffee maker"),
        ("schlafsack -10", "sleeping bag, comfort temperature below −10 °C"), ("登山杖 轻", "lightweight trekking poles"),
        ("headlamp charge usb c", "rechargeable headlamp with USB-C"), ("jacket no pfas", "PFAS-free waterproof jacket"),
    ];

    public double TracesPerMinute => 5.4;

    public IReadOnlyList<DemoSpan> Trace(Story story, Dice dice, Timestamp start)
    {
        var (typed, meant) = dice.Pick(Searches);
        var user = "u_" + dice.Whole(60_000, 64_000).ToString(CultureInfo.InvariantCulture);
        var script = new TraceScript(Service, "ai", dice, start);
        var root = script.Begin("POST /search", role: SpanRole.Server).With("http.request.method", "POST").With("http.route", "/search").With("url.path", "/search");
        var slowness = story.MiniSlowness(script.Now);
        var cached = dice.Chance(0.85);
        var call = new ModelCall
        {
            Provider = "openai",
            Model = "gpt-4.1-mini",
            Input = dice.Tokens(1_200, 0.03),
            CacheRead = cached ? 1_024 : 0,
            Output = dice.Tokens(24, 0.3),
            Seconds = dice.Around(cached ? 0.75 : 1.1) * slowness,
            Temperature = 0,
            MaxTokens = 128,
            Messages = [new("system", "Rewrite the search into what a shop assistant would look for. One line."), new("user", typed)],
            Answer = meant,
            User = user,
            Session = "visit_" + user[2..],
        };
        if (dice.Chance(0.003)) call = call with { Seconds = dice.Around(2), Failure = new CallFailure("APIConnectionError", "Connection reset while reading the stream.", null) };
        VercelAi.Generate(script, root, "rewrite-query", call);
        var wanted = call.Failure is null ? meant : typed;
        if (dice.Chance(0.4)) VercelAi.Embed(script, root, "embed-query", call with { Model = "text-embedding-3-large", Input = dice.Tokens(22), Seconds = dice.Around(0.12) }, wanted);
        script.Step("SELECT products", root, dice.Around(0.06), SpanRole.Client).With("db.system.name", "postgresql").With("db.query.summary", "SELECT products");
        script.End(root);
        root.With("http.response.status_code", 200);
        return script.Spans;
    }
}
