using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Callwatch.Cli.Showing;
using Callwatch.Client.Api;

namespace Callwatch.Cli.Connecting;

/// <summary>A command's way to the server: address, key, and how to show what comes back.</summary>
internal sealed class ServerLink : IDisposable
{
    public const string DefaultAddress = "http://127.0.0.1:4318";

    private ServerLink(Uri address, HttpClient http, bool json)
    {
        Address = address;
        Http = http;
        Json = json;
        Api = new CallwatchApi(http);
    }

    /// <summary>Ends with a slash.</summary>
    public Uri Address { get; }

    public HttpClient Http { get; }

    public CallwatchApi Api { get; }

    /// <summary>Print what the API returns, and nothing else, on standard output.</summary>
    public bool Json { get; }

    /// <param name="server">From the command line; else <c>CALLWATCH_URL</c>, else the default.</param>
    /// <param name="key">From the command line; else <c>CALLWATCH_KEY</c>, else that of a server on this machine.</param>
    /// <param name="json">See <see cref="Json"/>.</param>
    /// <param name="wrong">The address, when it is none.</param>
    public static ServerLink? Open(string? server, string? key, bool json, out string wrong)
    {
        wrong = Given(server, "CALLWATCH_URL") ?? DefaultAddress;
        if (!Uri.TryCreate(wrong, UriKind.Absolute, out var uri) || uri.Scheme is not ("http" or "https") || uri.Query.Length > 0) return null;
        var address = uri.AbsolutePath.EndsWith('/') ? uri : new Uri(uri.AbsoluteUri + "/");
        var given = Given(key, "CALLWATCH_KEY");
        var found = given is null ? LocalKey.Of(address) : null;

        // A proxy of the environment must not stand between two programs of one machine.
        var sockets = new SocketsHttpHandler { AllowAutoRedirect = false, UseProxy = !address.IsLoopback, ConnectTimeout = TimeSpan.FromSeconds(10) };
        var http = new HttpClient(new KeyHandler(given ?? found, found is not null, sockets)) { BaseAddress = address, Timeout = TimeSpan.FromSeconds(60) };
        return new ServerLink(address, http, json);
    }

    /// <summary>A POST with JSON; the caller disposes of it.</summary>
    public static HttpRequestMessage Post<T>(string path, T body, JsonTypeInfo<T> type) => new(HttpMethod.Post, new Uri(path, UriKind.Relative))
    {
        Content = new ByteArrayContent(JsonSerializer.SerializeToUtf8Bytes(body, type)) { Headers = { ContentType = new("application/json") } },
    };

    /// <summary>A POST without a body; the caller disposes of it.</summary>
    public static HttpRequestMessage Post(string path) => new(HttpMethod.Post, new Uri(path, UriKind.Relative));

    /// <summary>A PUT with JSON; the caller disposes of it.</summary>
    public static HttpRequestMessage Put<T>(string path, T body, JsonTypeInfo<T> type)
    {
        var request = Post(path, body, type);
        request.Method = HttpMethod.Put;
        return request;
    }

    /// <summary>The caller disposes of it.</summary>
    public static HttpRequestMessage Get(string path) => new(HttpMethod.Get, new Uri(path, UriKind.Relative));

    /// <summary>Sends a request, and shows the answer: as the API gave it, or by <paramref name="show"/>.</summary>
    /// <param name="code">The exit code that an answer asks for, however it is shown. Default: 0.</param>
    public async Task<int> ShowAsync<T>(HttpRequestMessage request, JsonTypeInfo<T> type, Action<T> show, CancellationToken cancel, Func<T, int>? code = null)
    {
        using var response = await Http.SendAsync(request, cancel);
        if (!response.IsSuccessStatusCode) return await RefusedAsync(response, null, cancel);
        var bytes = await response.Content.ReadAsByteArrayAsync(cancel);
        var answer = JsonSerializer.Deserialize(bytes, type) ?? throw new JsonException();
        if (Json)
        {
            var output = Console.OpenStandardOutput();
            await using (output) await output.WriteAsync((byte[])[.. bytes, (byte)'\n'], cancel);
        }
        else
        {
            show(answer);
        }

        return code?.Invoke(answer) ?? CommandLine.Fine;
    }

    /// <summary>Asks, and shows the answer: as the API gave it, or by <paramref name="show"/>.</summary>
    /// <param name="filter">The filter in the question, to point into when it is refused.</param>
    public async Task<int> ShowAsync<T>(string path, JsonTypeInfo<T> type, Func<T, int> show, CancellationToken cancel, string? filter = null)
    {
        if (Json) return await PassOnAsync(await Http.GetAsync(new Uri(path, UriKind.Relative), HttpCompletionOption.ResponseHeadersRead, cancel), cancel);
        return await Api.GetAsync(path, type, cancel) switch
        {
            ApiAnswer<T>.Found found => show(found.Value),
            ApiAnswer<T>.Refused refused => Refusal.Tell(refused.Problem, filter),
            _ => CommandLine.Failed,
        };
    }

    /// <summary>Copies an answer to standard output byte by byte.</summary>
    public static async Task<int> PassOnAsync(HttpResponseMessage response, CancellationToken cancel)
    {
        using (response)
        {
            var output = Console.OpenStandardOutput();
            await using (output)
            {
                await response.Content.CopyToAsync(output, cancel);
                if (response.Content.Headers.ContentType?.MediaType?.EndsWith("json", StringComparison.Ordinal) == true) output.WriteByte((byte)'\n');
            }

            return response.IsSuccessStatusCode ? CommandLine.Fine : Refusal.CodeOf((int)response.StatusCode);
        }
    }

    /// <summary>Tells of a refused request that was sent by hand; with <see cref="Json"/> passes on whatever came.</summary>
    public async Task<int> RefusedAsync(HttpResponseMessage response, string? filter, CancellationToken cancel)
    {
        if (Json) return await PassOnAsync(response, cancel);
        if (response.IsSuccessStatusCode) throw new InvalidOperationException("The request was not refused.");
        var isProblem = response.Content.Headers.ContentType?.MediaType is "application/problem+json" or "application/json";
        var problem = isProblem ? await JsonSerializer.DeserializeAsync(await response.Content.ReadAsStreamAsync(cancel), ApiJson.Default.ApiProblem, cancel) : null;
        return Refusal.Tell((problem ?? new ApiProblem { Title = response.ReasonPhrase }) with { Status = (int)response.StatusCode }, filter);
    }

    /// <summary>Runs what asks the server, and says in a line what kept it from answering.</summary>
    public async Task<int> RunAsync(Func<Task<int>> ask, CancellationToken cancel)
    {
        try
        {
            return await ask();
        }
        catch (Exception e) when (e is HttpRequestException or SocketException)
        {
            await Console.Error.WriteLineAsync($"callwatch: cannot reach {Address}: {Why(e)}. {(Address.IsLoopback ? "Is the server running (callwatch serve), and is the address right (--server, CALLWATCH_URL)?" : "Is the address right (--server, CALLWATCH_URL)?")}");
        }
        catch (TaskCanceledException) when (!cancel.IsCancellationRequested)
        {
            await Console.Error.WriteLineAsync($"callwatch: {Address} did not answer in time.");
        }
        catch (JsonException)
        {
            await Console.Error.WriteLineAsync($"callwatch: what {Address} answers is not what Callwatch answers. Is the address right (--server, CALLWATCH_URL)?");
        }
        catch (IOException e) when (e is not HttpIOException && e.InnerException is null or SocketException)
        {
            // Standard output has gone, as behind "| head": whoever asked has what they wanted.
            return CommandLine.Fine;
        }

        return CommandLine.Failed;
    }

    public void Dispose() => Http.Dispose();

    private static string Why(Exception e) => (e as SocketException ?? e.InnerException as SocketException) is { } socket
        ? socket.Message
        : e is HttpRequestException { StatusCode: { } status } ? $"it answered {(int)status} {status}" : e.Message.ReplaceLineEndings(" ").TrimEnd('.');

    private static string? Given(string? option, string variable) =>
        !string.IsNullOrWhiteSpace(option) ? option : Environment.GetEnvironmentVariable(variable) is { } text && !string.IsNullOrWhiteSpace(text) ? text.Trim() : null;
}

/// <summary>A refusal in words.</summary>
internal static class Refusal
{
    public static int Tell(ApiProblem problem, string? filter = null)
    {
        if (problem is { Field: "q", Offset: { } at } && filter is not null)
        {
            Console.Error.WriteLine("callwatch: " + filter);
            Console.Error.WriteLine(new string(' ', "callwatch: ".Length + Math.Clamp(at, 0, filter.Length)) + "^ " + Plain.Text(problem.Detail ?? problem.Title ?? ""));
            return CommandLine.Misuse;
        }

        var field = problem.Field is { } name ? Plain.Text(name) + ": " : "";
        Console.Error.WriteLine($"callwatch: {field}{Plain.Text(problem.Detail ?? problem.Title ?? "the server refused")}{Advice(problem.Status)}");
        return CodeOf(problem.Status);
    }

    /// <summary>A wrong question is misuse; everything else a check that failed.</summary>
    public static int CodeOf(int status) => status is 400 or 415 or 422 ? CommandLine.Misuse : CommandLine.Failed;

    private static string Advice(int status) => status switch
    {
        (int)HttpStatusCode.Unauthorized => " Give a key with --key or CALLWATCH_KEY.",
        (int)HttpStatusCode.Forbidden => " Another key can be given with --key or CALLWATCH_KEY.",
        _ => "",
    };
}
