using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace Callwatch.Benchmarks.Reading;

/// <summary>What somebody looks at: a page or an answer of the API.</summary>
/// <param name="Reach">Milliseconds it may take; 0 where none is written down.</param>
internal sealed record Question(string Name, string Path, int Reach);

/// <summary>Asks over HTTP and keeps the time until the last byte is here, which is the server's and a little more.</summary>
internal sealed class Asker(Uri server) : IDisposable
{
    private readonly HttpClient http = new() { BaseAddress = server };

    public async Task<double> TimeAsync(string path)
    {
        var start = Stopwatch.GetTimestamp();
        await GetAsync(path);
        return Stopwatch.GetElapsedTime(start).TotalMilliseconds;
    }

    /// <summary>The same; what is refused, for lack of time, counts with the time until it was.</summary>
    public async Task<(double Took, bool Answered)> TryTimeAsync(string path)
    {
        var start = Stopwatch.GetTimestamp();
        try
        {
            await GetAsync(path);
            return (Stopwatch.GetElapsedTime(start).TotalMilliseconds, true);
        }
        catch (InvalidOperationException)
        {
            return (Stopwatch.GetElapsedTime(start).TotalMilliseconds, false);
        }
    }

    public async Task<JsonElement> JsonAsync(string path)
    {
        using var document = JsonDocument.Parse(await GetAsync(path));
        return document.RootElement.Clone();
    }

    public void Dispose() => http.Dispose();

    private async Task<byte[]> GetAsync(string path)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        // Pages are for whoever can read them.
        request.Headers.Accept.ParseAdd(path.StartsWith("/api/", StringComparison.Ordinal) ? "application/json" : "text/html");
        using var response = await http.SendAsync(request);
        var body = await response.Content.ReadAsByteArrayAsync();
        return response.IsSuccessStatusCode ? body : throw new InvalidOperationException($"{path}: {(int)response.StatusCode} {System.Text.Encoding.UTF8.GetString(body.AsSpan(0, Math.Min(body.Length, 300)))}");
    }
}

/// <summary>Prints one line a figure, and remembers whether all were reached.</summary>
internal sealed class Figures
{
    public bool AllReached { get; private set; } = true;

    public void Print(string name, IReadOnlyList<double> times, int reach, string more = "")
    {
        var p95 = At(times, 0.95);
        Print(name, string.Create(CultureInfo.InvariantCulture, $"p50 {At(times, 0.5),7:0.0}  p95 {p95,7:0.0}  max {times.Max(),7:0.0} ms  of {times.Count,4}{more}"), reach == 0 ? null : p95 < reach, reach == 0 ? "" : $"p95 < {reach} ms");
    }

    /// <summary>The nearest rank: the least of the times that so large a share of them does not exceed.</summary>
    public static double At(IReadOnlyList<double> times, double share) => times.Order().ElementAt(Math.Max(0, (int)Math.Ceiling(share * times.Count) - 1));

    /// <param name="reached">Null where nothing is to be reached.</param>
    public void Print(string name, string figure, bool? reached, string reach)
    {
        AllReached &= reached != false;
        Console.WriteLine($"{name,-46} {figure}{(reached is null ? "" : (reached.Value ? "  reached: " : "  NOT REACHED: ") + reach)}");
    }
}
