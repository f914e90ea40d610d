using System.Globalization;
using Callwatch.Client.Api;
using Xunit;

namespace Callwatch.Server.Tests.Durability;

/// <summary>What a server says it has stored: every call by its ids, and the figures that go with them.</summary>
internal static class StoredSpans
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static async Task<IReadOnlyDictionary<string, long>> ReadAsync(CallwatchProcess server, DateTimeOffset from)
    {
        using var http = server.NewHttp();
        var api = new CallwatchApi(http);
        Assert.Null(await Kept.CaughtUpAsync(api, Cancel));
        var range = new ApiQuery { From = Text(from), To = Text(TimeProvider.System.GetUtcNow().AddMinutes(1)), Limit = 1000 };
        var found = new Dictionary<string, long>(StringComparer.Ordinal);
        var page = range;
        do
        {
            var answer = Value(await api.CallsAsync(page, Cancel));

            // Throws when one is there twice.
            foreach (var call in answer.Items) found.Add($"{call.TraceId}/{call.SpanId}", call.Usage!.InputTokens!.Value);
            page = range with { Cursor = answer.Next };
        }
        while (page.Cursor is not null);
        var total = Value(await api.StatsAsync(range, Cancel)).Groups.Single().Total;
        Assert.Equal((found.Count, found.Values.Sum()), (total.Calls, total.InputTokens));
        return found;
    }

    private static T Value<T>(ApiAnswer<T> answer) => Assert.IsType<ApiAnswer<T>.Found>(answer).Value;

    private static string Text(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
}
