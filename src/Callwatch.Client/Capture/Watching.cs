using System.Diagnostics;
using System.IO.Compression;
using System.Text.Json;

namespace Callwatch.Client.Capture;

/// <summary>
/// Looks on while one call goes by, and writes its span. It only ever sees copies; whatever goes wrong in here ends the looking, never the call.
/// The bytes of one direction come from one thread at a time.
/// </summary>
internal sealed class Watching
{
    private readonly Activity span;
    private readonly Recognised call;
    private readonly CaptureOptions options;
    private readonly long began = Stopwatch.GetTimestamp();
    private readonly CallFacts facts = new();
    private readonly SeenBytes request;
    private readonly SeenBytes answer;
    private readonly SseReader? events;
    private readonly Lock gate = new();
    private HttpResponseMessage? response;
    private bool isStream;
    private bool hasFirst;
    private string? encoding;
    private long? announced;
    private long received;
    private bool isBlind;
    private bool isOver;

    public Watching(Activity span, Recognised call, CaptureOptions options)
    {
        (this.span, this.call, this.options) = (span, call, options);
        var most = Math.Clamp(options.MaxBytes, 4 << 10, 256 << 20);
        (request, answer) = (new SeenBytes(most), new SeenBytes(most));
        events = new SseReader(most);
        facts.RequestModel = call.Model;
    }

    /// <summary>The request is written, perhaps not for the first time.</summary>
    public void RequestBegins() => Look(request.Clear);

    public void Sent(ReadOnlySpan<byte> bytes)
    {
        if (!isBlind) request.Add(bytes);
    }

    public void Answered(HttpResponseMessage head) => Look(() =>
    {
        response = head;
        isStream = head.Content.Headers.ContentType?.MediaType is "text/event-stream";
        encoding = head.Content.Headers.ContentEncoding.LastOrDefault();
        announced = head.Content.Headers.ContentLength;
        if (isStream) facts.Streaming = true;
        span.SetTag("http.response.status_code", (int)head.StatusCode);
    });

    public void Received(ReadOnlySpan<byte> bytes)
    {
        received += bytes.Length;
        if (isBlind) return;
        try
        {
            if (!isStream || encoding is not null || response is not { IsSuccessStatusCode: true }) answer.Add(bytes);
            else events!.Add(bytes, OnEvent);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            isBlind = true;
        }
    }

    /// <summary>The answer has come to its end.</summary>
    public void Ended() => End(null);

    /// <summary>The caller wants no more of it.</summary>
    public void LeftAlone() => End(null, left: true);

    /// <summary>Sending or reading failed; the same exception goes on to the caller.</summary>
    public void Failed(Exception e) => End(e);

    private void OnEvent(ReadOnlySpan<byte> data)
    {
        if (data.SequenceEqual("[DONE]"u8))
        {
            facts.IsComplete = true;
            return;
        }

        var reader = new Utf8JsonReader(data, new JsonReaderOptions { MaxDepth = 64 });
        if (!JsonDocument.TryParseValue(ref reader, out var json)) return;
        using (json)
        {
            var said = call.Dialect.ReadEvent(json.RootElement, facts, options.Messages);
            if (!said || hasFirst) return;
            hasFirst = true;
            span.SetTag(FirstChunk, Stopwatch.GetElapsedTime(began).TotalSeconds);
        }
    }

    private const string FirstChunk = "gen_ai.response.time_to_first_chunk";

    private void End(Exception? failure, bool left = false)
    {
        lock (gate)
        {
            if (isOver) return;
            isOver = true;
        }

        Look(() => ReadAll(failure));
        Look(() => Judge(failure, left));
        // Stopping makes the span's parent current, which the code that reads an answer does not expect.
        var current = Activity.Current;
        span.Stop();
        Activity.Current = ReferenceEquals(current, span) ? span.Parent : current;
    }

    private void ReadAll(Exception? failure)
    {
        if (Parse(request.Bytes) is { } asked)
            using (asked) call.Dialect.ReadRequest(asked.RootElement, facts, options.Messages);
        facts.RequestModel ??= call.Model;
        if (response is null || failure is not null || answer.Length == 0) return;
        var bytes = encoding is null ? answer.Bytes : Inflate(answer.Bytes, encoding, Math.Clamp(options.MaxBytes, 4 << 10, 256 << 20));
        if (isStream && response.IsSuccessStatusCode)
        {
            new SseReader(bytes.Length + 1).Add(bytes, OnEvent);
            return;
        }

        if (Parse(bytes) is not { } answered) return;
        using (answered)
        {
            if (!response.IsSuccessStatusCode) call.Dialect.ReadError(answered.RootElement, facts);
            else call.Dialect.ReadAnswer(answered.RootElement, facts, options.Messages);
            facts.IsComplete = true;
        }
    }

    private void Judge(Exception? failure, bool left)
    {
        if (facts.RequestModel is { } model) span.DisplayName = call.Operation + " " + model;
        facts.Into(span, options.Messages);
        if (failure is not null)
        {
            span.SetTag("error.type", failure.GetType().FullName);
            span.SetStatus(ActivityStatusCode.Error, failure.Message);
        }
        else if (response is { IsSuccessStatusCode: false } refused)
        {
            span.SetTag("error.type", facts.ErrorType ?? ((int)refused.StatusCode).ToString(System.Globalization.CultureInfo.InvariantCulture));
            span.SetStatus(ActivityStatusCode.Error, Cut(facts.ErrorMessage) ?? refused.ReasonPhrase);
        }
        else if (facts.ErrorType is not null || facts.ErrorMessage is not null)
        {
            // An error told in the middle of a stream that began well.
            span.SetTag("error.type", facts.ErrorType ?? "_OTHER");
            span.SetStatus(ActivityStatusCode.Error, Cut(facts.ErrorMessage));
        }
        else if (left && !facts.IsComplete && facts.FinishReasons.Count == 0 && received != announced)
        {
            span.SetTag("error.type", "ClientDisconnect");
            span.SetStatus(ActivityStatusCode.Error, "The caller left before the answer had ended.");
        }
    }

    private void Look(Action look)
    {
        if (isBlind) return;
        try
        {
            look();
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            isBlind = true;
        }
    }

    private static JsonDocument? Parse(ReadOnlySpan<byte> bytes)
    {
        if (bytes.IsEmpty) return null;
        var reader = new Utf8JsonReader(bytes, new JsonReaderOptions { MaxDepth = 64, CommentHandling = JsonCommentHandling.Skip });
        try
        {
            return JsonDocument.TryParseValue(ref reader, out var json) ? json : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static ReadOnlySpan<byte> Inflate(ReadOnlySpan<byte> bytes, string encoding, int most)
    {
        using var packed = new MemoryStream(bytes.ToArray(), writable: false);
        using Stream? stream = encoding switch
        {
            "gzip" => new GZipStream(packed, CompressionMode.Decompress),
            "deflate" => new ZLibStream(packed, CompressionMode.Decompress),
            "br" => new BrotliStream(packed, CompressionMode.Decompress),
            _ => null,
        };
        if (stream is null) return [];
        var inflated = new SeenBytes(most);
        var buffer = new byte[16 << 10];
        for (int read; inflated.IsWhole && (read = stream.Read(buffer)) > 0;) inflated.Add(buffer.AsSpan(0, read));
        return inflated.Bytes;
    }

    private static string? Cut(string? message) => message is { Length: > 2_000 } ? message[..2_000] : message;
}
