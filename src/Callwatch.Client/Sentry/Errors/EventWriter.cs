using System.Text.Json;
using Callwatch.Client.Sentry.Envelopes;

namespace Callwatch.Client.Sentry.Errors;

/// <summary>From what was taken down to an envelope with one event (Sentry "event payloads").</summary>
internal sealed class EventWriter(SentryOptions options)
{
    private const int MostOfMessage = 8_192;
    private const int MostOfBreadcrumb = 500;
    private const int MostBytes = 1_000_000;

    private readonly ExceptionChain chain = new(new Frames(options.NotInApp), options.SendDefaultPii);

    /// <summary>The event as the application may still change it.</summary>
    public SentryEvent Prepare(ErrorReport report)
    {
        var told = new SentryEvent(report.EventId, report.Exception)
        {
            Level = report.Level,
            Logger = report.Logger,
            Message = report.Message is null ? null : Scrub.Text(report.Message, MostOfMessage, options.SendDefaultPii),
            Transaction = report.Scope.Request?.Name ?? report.Trace?.Name,
            User = report.Scope.User ?? report.Scope.Request?.User,
            Request = report.Scope.Request,
        };
        if (report.Exception is { } exception)
            foreach (var one in chain.Of(exception, report.Mechanism, report.Handled)) told.Exceptions.Add(one);
        foreach (var (key, value) in report.Scope.Tags) told.Tags[key] = Tag(key, value);
        foreach (var (key, value) in report.Tags) told.Tags[key] = Tag(key, value);
        foreach (var one in report.Scope.Breadcrumbs) told.Breadcrumbs.Add(one with { Message = Scrub.Text(one.Message, MostOfBreadcrumb, options.SendDefaultPii) });
        return told;
    }

    public Envelope Write(ErrorReport report, SentryEvent told)
    {
        var payload = Json(report, told, whole: true);
        if (payload.Length > MostBytes) payload = Json(report, told, whole: false);
        return Envelope.Of(report.Category, told.EventId, [("event", payload)], [new Discards.Item(report.Category)]);
    }

    private string Tag(string key, string value) => Scrub.IsSecretName(key) ? "[removed]" : Scrub.Text(value, 200, options.SendDefaultPii);

    /// <param name="whole">False leaves out what only helps: an event that is too large loses its envelope.</param>
    private byte[] Json(ErrorReport report, SentryEvent told, bool whole)
    {
        using var bytes = new MemoryStream(4_096);
        using (var json = new Utf8JsonWriter(bytes, EventJson.Options))
        {
            json.WriteStartObject();
            json.WriteString("event_id", told.EventId);
            json.WriteNumber("timestamp", EventJson.Seconds(report.At));
            json.WriteString("level", EventJson.Level(told.Level));
            EventJson.Origin(json, options);
            if (told.Logger is not null) json.WriteString("logger", EventJson.Cut(told.Logger, 200));
            if (told.Transaction is not null) json.WriteString("transaction", EventJson.Cut(told.Transaction, 200));
            if (told.Message is not null) Message(json, EventJson.Cut(told.Message, MostOfMessage));
            EventJson.Tags(json, told.Tags);
            if (whole && told.Extra.Count > 0) Texts(json, "extra", told.Extra);
            if (told.Fingerprint.Count > 0) Fingerprint(json, told.Fingerprint);
            if (told.User is { } user) User(json, user);
            if (told.Request is { } request) Request(json, request);
            Contexts(json, report.Trace);
            if (whole && told.Breadcrumbs.Count > 0) Breadcrumbs(json, told.Breadcrumbs);
            if (told.Exceptions.Count > 0) Exceptions(json, told.Exceptions, whole);
            json.WriteEndObject();
        }

        return bytes.ToArray();
    }

    private static void Message(Utf8JsonWriter json, string message)
    {
        json.WriteStartObject("logentry");
        json.WriteString("message", message);
        json.WriteString("formatted", message);
        json.WriteEndObject();
    }

    private static void Texts(Utf8JsonWriter json, string name, IEnumerable<KeyValuePair<string, string>> texts)
    {
        json.WriteStartObject(name);
        foreach (var (key, value) in texts.Take(100)) json.WriteString(EventJson.Cut(key, 200), EventJson.Cut(value ?? "", 4_096));
        json.WriteEndObject();
    }

    private static void Fingerprint(Utf8JsonWriter json, IEnumerable<string> parts)
    {
        json.WriteStartArray("fingerprint");
        foreach (var part in parts.Take(20)) json.WriteStringValue(EventJson.Cut(part, 200));
        json.WriteEndArray();
    }

    private static void User(Utf8JsonWriter json, SentryUser user)
    {
        if (user.Id is null && user.Name is null && user.Address is null) return;
        json.WriteStartObject("user");
        if (user.Id is not null) json.WriteString("id", EventJson.Cut(user.Id, 200));
        if (user.Name is not null) json.WriteString("username", EventJson.Cut(user.Name, 200));
        if (user.Address is not null) json.WriteString("ip_address", EventJson.Cut(user.Address, 200));
        json.WriteEndObject();
    }

    private void Request(Utf8JsonWriter json, RequestFacts request)
    {
        json.WriteStartObject("request");
        json.WriteString("method", EventJson.Cut(request.Method, 32));
        json.WriteString("url", Scrub.Text(request.Url, 2_000, options.SendDefaultPii));
        json.WriteStartObject("headers");
        foreach (var (name, value) in request.Headers) json.WriteString(name, Scrub.Text(value, 500, options.SendDefaultPii));
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void Contexts(Utf8JsonWriter json, TraceLink? trace)
    {
        json.WriteStartObject("contexts");
        EventJson.Machine(json);
        if (trace is not null)
        {
            json.WriteStartObject("trace");
            json.WriteString("trace_id", trace.TraceId);
            json.WriteString("span_id", trace.SpanId);
            if (trace.ParentSpanId is not null) json.WriteString("parent_span_id", trace.ParentSpanId);
            json.WriteString("op", trace.Op);
            json.WriteString("status", "internal_error");
            json.WriteEndObject();
        }

        json.WriteEndObject();
    }

    private static void Breadcrumbs(Utf8JsonWriter json, IEnumerable<SentryBreadcrumb> breadcrumbs)
    {
        json.WriteStartObject("breadcrumbs");
        json.WriteStartArray("values");
        foreach (var one in breadcrumbs)
        {
            json.WriteStartObject();
            json.WriteNumber("timestamp", EventJson.Seconds(one.At));
            json.WriteString("type", one.Category == "http" ? "http" : "default");
            json.WriteString("category", EventJson.Cut(one.Category, 200));
            json.WriteString("message", EventJson.Cut(one.Message, MostOfBreadcrumb));
            json.WriteString("level", EventJson.Level(one.Level));
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    // The innermost cause stands first, the outermost last.
    private static void Exceptions(Utf8JsonWriter json, IList<SentryException> chain, bool whole)
    {
        json.WriteStartObject("exception");
        json.WriteStartArray("values");
        for (var i = chain.Count - 1; i >= 0; i--)
        {
            var one = chain[i];
            json.WriteStartObject();
            json.WriteString("type", one.Type.Length == 0 ? "Exception" : EventJson.Cut(one.Type, 500));
            json.WriteString("value", EventJson.Cut(one.Value, MostOfMessage));
            if (one.Module is not null) json.WriteString("module", one.Module);
            json.WriteStartObject("mechanism");
            json.WriteString("type", one.Mechanism);
            json.WriteBoolean("handled", one.Handled);
            if (chain.Count > 1)
            {
                json.WriteNumber("exception_id", one.Id);
                if (one.Parent is { } parent) json.WriteNumber("parent_id", parent);
                if (one.Source is not null) json.WriteString("source", one.Source);
                if (one.IsGroup) json.WriteBoolean("is_exception_group", true);
            }

            json.WriteEndObject();
            if (one.Frames.Count > 0) Frames(json, one.Frames, whole ? 100 : 20);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void Frames(Utf8JsonWriter json, IReadOnlyList<Frame> frames, int most)
    {
        json.WriteStartObject("stacktrace");
        json.WriteStartArray("frames");
        foreach (var frame in frames.TakeLast(most)) FrameJson.Write(json, frame);
        json.WriteEndArray();
        json.WriteEndObject();
    }
}

/// <summary>A frame of an event or a profile.</summary>
internal static class FrameJson
{
    public static void Write(Utf8JsonWriter json, Frame frame)
    {
        json.WriteStartObject();
        json.WriteString("function", EventJson.Cut(frame.Function, 500));
        if (frame.Module is not null) json.WriteString("module", EventJson.Cut(frame.Module, 500));
        if (frame.Package is not null) json.WriteString("package", EventJson.Cut(frame.Package, 500));
        if (frame.File is { Length: > 0 } file)
        {
            json.WriteString("filename", Short(file, frame.Package));
            json.WriteString("abs_path", EventJson.Cut(file, 500));
            if (frame.Line > 0) json.WriteNumber("lineno", frame.Line);
            if (frame.Column > 0) json.WriteNumber("colno", frame.Column);
        }

        json.WriteBoolean("in_app", frame.InApp);
        json.WriteEndObject();
    }

    // Relative to the project: from the folder that is named like the assembly, as projects mostly are; else the last two parts.
    private static string Short(string file, string? package)
    {
        var path = file.Replace('\\', '/');
        var name = package?.Split(',')[0];
        if (name is not null && path.LastIndexOf("/" + name + "/", StringComparison.Ordinal) is >= 0 and var at) return EventJson.Cut(path[(at + name.Length + 2)..], 300);
        var parts = path.Split('/');
        return EventJson.Cut(string.Join('/', parts.TakeLast(2)), 300);
    }
}
