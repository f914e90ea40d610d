using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Callwatch.Benchmarks.Reading;

/// <summary>A server on a folder that <c>fill</c> has made, with one of each thing that has a page: a destination that is switched off, and an export to compare with. Both go again at the end.</summary>
internal sealed class LookedAt : IAsyncDisposable
{
    private LookedAt(Filled filled, ServerProcess server, PageAsker asker, Samples samples) => (Filled, Server, Asker, Samples) = (filled, server, asker, samples);

    public Filled Filled { get; }

    public ServerProcess Server { get; }

    public PageAsker Asker { get; }

    public Samples Samples { get; }

    public static async Task<LookedAt> OpenAsync(string dir, int days)
    {
        var filled = Filled.Open(dir, days);
        var server = await ServerProcess.StartAsync(filled.Folder);
        var asker = new PageAsker(server);
        try
        {
            return await AddAsync(filled, server, asker);
        }
        catch
        {
            asker.Dispose();
            await server.DisposeAsync();
            throw;
        }
    }

    private static async Task<LookedAt> AddAsync(Filled filled, ServerProcess server, PageAsker asker)
    {
        var calls = (await asker.JsonAsync($"/api/v1/calls?{filled.Whole}&q=-user:nobody&limit=50")).GetProperty("items").EnumerateArray().ToList();
        var (one, other) = (calls[0], calls[^1]);
        var destination = await asker.AddAsync(
            "/api/v1/destinations", """{"name": "looked at", "kind": "otlp", "config": {"endpoint": "https://nobody.invalid"}, "apps": ["*"], "enabled": false}""", "application/json");
        var import = await asker.AddAsync("/api/v1/reconcile?name=looked-at", Export(filled), "text/csv");
        string Of(JsonElement call, string field) => call.GetProperty(field).GetString() ?? "";
        return new LookedAt(filled, server, asker, new Samples(
            Of(one, "trace_id"), Of(one, "span_id"), Of(other, "trace_id"), Of(other, "span_id"), Of(one, "user_id"), Of(one, "session_id"), destination, import));
    }

    /// <summary>The address of a route over the last so-and-so long of the history.</summary>
    public string Path(Route route, Stretch? stretch)
    {
        var length = stretch?.Length ?? TimeSpan.FromHours(1);
        var whole = TimeSpan.FromTicks((Filled.To.UnixNanoseconds - Filled.From.UnixNanoseconds) / 100);
        return Samples.Fill(route, Filled.To.Plus(length < whole ? -length : -whole), Filled.To);
    }

    /// <summary>The same an hour long at the beginning of the history: so that the code has run before and what is measured has not been read.</summary>
    public string EarlyPath(Route route) => Samples.Fill(route, Filled.From.Plus(TimeSpan.FromHours(12)), Filled.From.Plus(TimeSpan.FromHours(13)));

    public async ValueTask DisposeAsync()
    {
        await Asker.RemoveAsync("/api/v1/reconcile/" + Samples.Import);
        await Asker.RemoveAsync("/api/v1/destinations/" + Samples.Destination);
        Asker.Dispose();
        await Server.DisposeAsync();
    }

    // A line for each day and model, as the page of costs of OpenAI gives them.
    private static string Export(Filled filled)
    {
        var csv = new StringBuilder("start_time_iso,line_item,amount_value,amount_currency\n");
        for (var day = filled.From; day < filled.To; day = day.Plus(TimeSpan.FromDays(1)))
            for (var size = 1; size <= 4; size++) csv.Append(CultureInfo.InvariantCulture, $"{day},\"gpt-4o-{size}, input\",{size * 10},usd\n");
        return csv.ToString();
    }
}
