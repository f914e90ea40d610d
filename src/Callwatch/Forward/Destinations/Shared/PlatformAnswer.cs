using System.Globalization;
using System.IO.Compression;
using System.Net;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Callwatch.Forward.Outbound;

namespace Callwatch.Forward.Destinations.Shared;

/// <summary>Reads what platforms answer, into words for people without any secret of ours in them.</summary>
internal sealed class PlatformAnswer(Secrets secrets, TimeProvider time)
{
    private const int MostBytes = 64 * 1024;

    // So many characters at least come of a body that was cut.
    private const int LongestText = MostBytes / 4;

    /// <summary>What is said of a request that took too long.</summary>
    public const string NoAnswer = "No answer in time.";
    private const int LongestMessage = 2_000;

    /// <summary>Of a plan that is used up, which its next period or a person ends: asked again seldom.</summary>
    public static readonly TimeSpan BetweenLooksAtAPlan = TimeSpan.FromHours(1);

    // RFC 9110, section 5.6.7, and what is sent in its place.
    private static readonly string[] HttpDates =
    [
        "ddd, dd MMM yyyy HH:mm:ss 'GMT'", "dddd, dd-MMM-yy HH:mm:ss 'GMT'", "ddd MMM d HH:mm:ss yyyy", "yyyy-MM-dd'T'HH:mm:ssK", "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK",
    ];

    // In the order in which platforms say more with them.
    private static readonly string[] MessageNames = ["message", "error_message", "detail", "error", "errors", "reason", "msg", "title"];

    /// <summary>Status and message; the message is the text a JSON answer holds in one of its usual members, else its beginning.</summary>
    public async Task<PlatformWords> WordsAsync(HttpResponseMessage response, CancellationToken cancel) =>
        Words((int)response.StatusCode, await TextAsync(response, cancel), response.ReasonPhrase);

    public PlatformWords Words(int? status, string? text, string? otherwise = null)
    {
        var message = string.IsNullOrWhiteSpace(text) ? otherwise : Message(text) ?? text;

        var hidden = secrets.HideIn(message?.Trim() ?? "");

        // Where it was cut a secret may stand by half, which nobody would know again.
        if (message?.Length >= LongestText) hidden = hidden[..^Math.Min(secrets.Longest, hidden.Length)];
        message = OneLine(hidden);
        if (message.Length <= LongestMessage) return new PlatformWords(status, message);
        return new PlatformWords(status, message[..(char.IsHighSurrogate(message[LongestMessage - 1]) ? LongestMessage - 1 : LongestMessage)] + "…");
    }

    // They are shown on terminals, too: what moves a cursor or begins a line there is not theirs to say.
    private static string OneLine(string text) =>
        text.Any(char.IsControl) ? string.Join(' ', string.Concat(text.Select(letter => char.IsControl(letter) ? ' ' : letter)).Split(' ', StringSplitOptions.RemoveEmptyEntries)) : text;

    /// <summary>The body as text, as far as anybody reads it; empty when it cannot be read.</summary>
    public static async Task<string> TextAsync(HttpResponseMessage response, CancellationToken cancel)
    {
        try
        {
            await using var body = await BodyAsync(response, cancel);
            var bytes = new byte[MostBytes];
            var length = await body.ReadAtLeastAsync(bytes, bytes.Length, throwOnEndOfStream: false, cancel);
            return Encoding.UTF8.GetString(bytes.AsSpan(0, length));
        }
        catch (Exception e) when (e is IOException or HttpRequestException || IsOtherCoding(e))
        {
            return "";
        }
    }

    /// <summary>The body as it was meant. Nobody was asked to compress, and some things in between do it all the same; how much is read of it is the reader's to bound.</summary>
    /// <exception cref="InvalidDataException">While reading: it is not what its coding says; of Brotli also an <see cref="InvalidOperationException"/>.</exception>
    public static async Task<Stream> BodyAsync(HttpResponseMessage response, CancellationToken cancel)
    {
        var body = await response.Content.ReadAsStreamAsync(cancel);
        return string.Join(',', response.Content.Headers.ContentEncoding).ToUpperInvariant() switch
        {
            "GZIP" or "X-GZIP" => new GZipStream(body, CompressionMode.Decompress),
            "DEFLATE" => new ZLibStream(body, CompressionMode.Decompress),
            "BR" => new BrotliStream(body, CompressionMode.Decompress),
            _ => body,
        };
    }

    // Reading Brotli says the one of a body that ends too early, and the other of one that is none.
    private static bool IsOtherCoding(Exception e) => e is InvalidDataException or InvalidOperationException;

    /// <summary>The whole body, up to as much as any platform says.</summary>
    public static async Task<byte[]> BytesAsync(HttpResponseMessage response, CancellationToken cancel)
    {
        await using var stream = await BodyAsync(response, cancel);
        using var body = new MemoryStream();
        var part = new byte[16 * 1024];
        try
        {
            while (body.Length < BoundedAnswers.MostBytes && await stream.ReadAsync(part, cancel) is > 0 and var read) body.Write(part, 0, read);
        }
        catch (Exception e) when (IsOtherCoding(e))
        {
            // What was read of it is all there is.
        }

        return body.ToArray();
    }

    /// <summary>A page for people: of a proxy, a portal to log in at, a web site. Nobody there has kept what was sent, whatever the status says.</summary>
    public static bool IsPage(HttpResponseMessage response, ReadOnlySpan<byte> beginning)
    {
        if (response.Content.Headers.ContentType?.MediaType is "text/html" or "application/xhtml+xml") return true;
        if (beginning.StartsWith("\uFEFF"u8)) beginning = beginning[3..];
        return beginning.TrimStart(" \t\r\n"u8) is [(byte)'<', ..];
    }

    private async Task<Delivery> TakenAsync(HttpResponseMessage response, CancellationToken cancel)
    {
        var status = (int)response.StatusCode;
        if (status is 204 or 205) return new Delivery.Accepted();
        await using var body = await BodyAsync(response, cancel);
        var beginning = new byte[256];
        try
        {
            var length = await body.ReadAtLeastAsync(beginning, 1, throwOnEndOfStream: false, cancel);
            if (!IsPage(response, beginning.AsSpan(0, length))) return new Delivery.Accepted();
        }
        catch (Exception e) when (IsOtherCoding(e))
        {
            // It has said that it is taken; what else it says is not needed.
            return new Delivery.Accepted();
        }

        return new Delivery.Blocked(Words(status, "An HTML page came instead of an answer: the platform is not at this address, or something in between answers for it."));
    }

    /// <summary>What the platform asks to wait: seconds (also fractions of them) or a date; null when it does not, or asks nonsense.</summary>
    public TimeSpan? RetryAfter(HttpResponseMessage response)
    {
        if (!response.Headers.TryGetValues("Retry-After", out var values)) return null;
        var text = values.First().Trim();

        // However large: the lane has a bound of its own.
        if (double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var seconds)) return seconds >= 0 ? TimeSpan.FromSeconds(Math.Min(seconds, 1e9)) : null;
        if (!DateTimeOffset.TryParseExact(text, HttpDates, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AllowWhiteSpaces, out var date)) return null;

        // By the platform's own clock, where it tells it: one that is a day off still means the seconds it means.
        var wait = date - (response.Headers.Date ?? time.GetUtcNow());
        return wait > TimeSpan.Zero ? wait : TimeSpan.Zero;
    }

    /// <summary>The trouble of a request that got no answer. Messages of exceptions are not repeated: they may hold the address, and an address a key.</summary>
    public static PlatformWords Trouble(Exception e) => new(null, e switch
    {
        OperationCanceledException => NoAnswer,
        HttpRequestException { InnerException: OutboundRefusedException refused } => refused.Message,
        OutboundRefusedException refused => refused.Message,
        HttpRequestException { InnerException: UntrustedHostException untrusted } => untrusted.Message,
        HttpRequestException { HttpRequestError: HttpRequestError.NameResolutionError } => "The name of the host is not known.",
        HttpRequestException { HttpRequestError: HttpRequestError.SecureConnectionError, InnerException: IOException } => "No secure connection: TLS is not spoken there, or in no version that is sound.",
        HttpRequestException { HttpRequestError: HttpRequestError.SecureConnectionError } => "No secure connection: the certificate is not trusted, or TLS is not spoken there.",
        HttpRequestException { InnerException: AuthenticationException } => "No secure connection: the certificate is not trusted, or TLS is not spoken there.",
        HttpRequestException { InnerException: HttpProtocolException { ErrorCode: 0 or 2 or 7 or 8 or 11 } broken } => string.Create(CultureInfo.InvariantCulture, $"The platform broke the request off before it answered (HTTP/2, code {broken.ErrorCode})."),
        HttpProtocolException { ErrorCode: 0 or 2 or 7 or 8 or 11 } broken => string.Create(CultureInfo.InvariantCulture, $"The platform broke the request off before it answered (HTTP/2, code {broken.ErrorCode})."),
        HttpRequestException { HttpRequestError: HttpRequestError.ConfigurationLimitExceeded } => "The answer is larger than any platform's.",
        HttpRequestException { InnerException: SocketException socket } => NoConnection(socket),
        SocketException socket => NoConnection(socket),
        HttpRequestException { HttpRequestError: HttpRequestError.HttpProtocolError or HttpRequestError.InvalidResponse or HttpRequestError.VersionNegotiationError } => "What answers there does not speak this protocol: check port and protocol.",
        HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError } => "No connection.",
        HttpRequestException { HttpRequestError: HttpRequestError.ResponseEnded } or HttpIOException { HttpRequestError: HttpRequestError.ResponseEnded } => "The connection ended before the answer did.",
        IOException or HttpRequestException { InnerException: IOException } => "The connection broke off.",
        InvalidDataException => "The answer is not what its coding says.",
        _ => "The request failed: " + e.GetType().Name + ".",
    })
    {
        Advice = e.InnerException is UntrustedHostException ? UntrustedHostException.Advice : null,
    };

    // HttpClient lets a bare SocketException out when a connection just made is closed before it has looked at its far end.
    /// <summary>True for exceptions that mean "no answer"; a cancellation of ours is none.</summary>
    public static bool IsTrouble(Exception e, CancellationToken cancel) =>
        e is HttpRequestException or IOException or SocketException or OutboundRefusedException || IsOtherCoding(e) || (e is OperationCanceledException && !cancel.IsCancellationRequested);

    private static string NoConnection(SocketException socket) => "No connection: " + socket.SocketErrorCode + ".";

    /// <summary>The usual reading of a status nobody has given another meaning.</summary>
    public async Task<Delivery> UsualAsync(HttpResponseMessage response, CancellationToken cancel) => (int)response.StatusCode switch
    {
        >= 200 and < 300 => await TakenAsync(response, cancel),
        402 => new Delivery.Blocked(await WordsAsync(response, cancel), RetryAfter(response) ?? BetweenLooksAtAPlan),

        // 407: a proxy in between wants credentials.
        401 or 403 or 407 => new Delivery.Blocked(await WordsAsync(response, cancel)),
        404 or 405 => new Delivery.Blocked(await WordsAsync(response, cancel)),
        >= 300 and < 400 => new Delivery.Blocked(Words((int)response.StatusCode, "It redirects to another address.")),
        413 => new Delivery.TooLarge(await WordsAsync(response, cancel)),
        408 or 425 or 429 or >= 500 => new Delivery.TryAgain(await WordsAsync(response, cancel), RetryAfter(response)),
        _ => new Delivery.Refused(await WordsAsync(response, cancel)),
    };

    private static string? Message(string text)
    {
        try
        {
            return JsonNode.Parse(text) is { } json ? MessageIn(json, 0) : null;
        }
        catch (JsonException)
        {
            // HTML or plain text: a page's tags say nothing to anybody.
            return text.TrimStart().StartsWith('<') ? "An HTML page came instead of an answer." : null;
        }
    }

    private static string? MessageIn(JsonNode? json, int depth) => depth > 4 ? null : json switch
    {
        JsonObject map => MessageNames
            .Select(name => MessageIn(map[name], depth + 1)).FirstOrDefault(message => message is not null),
        JsonArray list => string.Join("; ", list.Take(5).Select(item => MessageIn(item, depth + 1)).OfType<string>()) is { Length: > 0 } all ? all : null,
        JsonValue value when value.TryGetValue<string>(out var text) && text.Length > 0 => text,
        _ => null,
    };
}

/// <summary>A connect that the guard refused; the message is for people and names no secret.</summary>
public sealed class OutboundRefusedException(string message) : Exception(message);

/// <summary>The secrets of a destination, to be kept out of all that people read.</summary>
internal sealed class Secrets(params IEnumerable<string?> values)
{
    private const int Shortest = 4;

    // As they stand, in an address, in JSON, and as base64; longest first, so that none is left half hidden.
    private readonly IReadOnlyList<string> forms =
    [
        .. values.OfType<string>().SelectMany(Parts).Where(part => part.Length >= Shortest).SelectMany(FormsOf)
            .Where(form => form.Length >= Shortest).Distinct(StringComparer.Ordinal).OrderByDescending(form => form.Length),
    ];

    /// <summary>Length of the longest form.</summary>
    public int Longest => forms.Count == 0 ? 0 : forms[0].Length;

    public string HideIn(string text)
    {
        foreach (var form in forms) text = text.Replace(form, "***", StringComparison.OrdinalIgnoreCase);
        return text;
    }

    // The value of a header has a scheme before its secret, and platforms say again only what comes behind it; behind Basic stand two together.
    private static IEnumerable<string> Parts(string value)
    {
        yield return value;
        var space = value.IndexOf(' ', StringComparison.Ordinal);
        if (space < 0) yield break;
        var behind = value[(space + 1)..].Trim();
        yield return behind;
        var pair = new byte[behind.Length];
        if (!value.StartsWith("Basic ", StringComparison.OrdinalIgnoreCase) || !Convert.TryFromBase64String(behind, pair, out var length)) yield break;
        var both = Encoding.UTF8.GetString(pair.AsSpan(0, length));
        yield return both;
        yield return both[(both.IndexOf(':', StringComparison.Ordinal) + 1)..];
    }

    private static IEnumerable<string> FormsOf(string part)
    {
        var base64 = Convert.ToBase64String(Encoding.UTF8.GetBytes(part));
        return [part, Uri.EscapeDataString(part), WebUtility.UrlEncode(part), JavaScriptEncoder.Default.Encode(part), base64, base64.TrimEnd('='), base64.TrimEnd('=').Replace('+', '-').Replace('/', '_')];
    }
}
