using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Callwatch.Client.Sentry.Envelopes;
using Callwatch.Client.Sentry.Errors;
using Callwatch.Client.Sentry.Profiles;

namespace Callwatch.Client.Sentry.Traces;

/// <summary>An envelope with one transaction (Sentry "transaction payloads"), and its profile if there is one.</summary>
internal sealed class TransactionWriter(SentryOptions options, Dsn dsn)
{
    private const int MostBytes = 1_000_000;
    private const int MostData = 64;
    private const int MostOfValue = 1_000;

    public Envelope Write(TransactionReport report)
    {
        var name = EventJson.Cut(report.Scope.Request?.Name ?? report.Root.DisplayName, 200);
        var payload = Json(report, name, data: true);
        if (payload.Length > MostBytes) payload = Json(report, name, data: false);
        List<(string, byte[])> items = [("transaction", payload)];
        if (report.Profile is { } profile) items.Add(("profile", ProfileWriter.Json(profile, report.EventId, report.Root.TraceId.ToHexString(), name, options)));
        return Envelope.Of(Category.Transaction, report.EventId, items, report.Contents, json => Sampling(json, report.Root.TraceId, name));
    }

    private void Sampling(Utf8JsonWriter json, ActivityTraceId trace, string name)
    {
        json.WriteString("trace_id", trace.ToHexString());
        json.WriteString("public_key", dsn.PublicKey);
        json.WriteString("sample_rate", EventJson.Number(options.TracesSampleRate ?? 0));
        json.WriteString("sample_rand", EventJson.Number(Math.Floor(TraceWatch.Draw(trace) * 1e6) / 1e6));
        json.WriteString("sampled", "true");
        if (options.Release is not null) json.WriteString("release", options.Release);
        json.WriteString("environment", options.Environment);
        json.WriteString("transaction", name);
    }

    private byte[] Json(TransactionReport report, string name, bool data)
    {
        using var bytes = new MemoryStream(4_096);
        using (var json = new Utf8JsonWriter(bytes, EventJson.Options))
        {
            json.WriteStartObject();
            json.WriteString("type", "transaction");
            json.WriteString("event_id", report.EventId);
            json.WriteString("transaction", name.Length == 0 ? "unnamed" : name);
            json.WriteStartObject("transaction_info");
            json.WriteString("source", report.Scope.Request is { Route: not null } ? "route" : report.Scope.Request is null ? "task" : "custom");
            json.WriteEndObject();
            Times(json, report.Root);
            EventJson.Origin(json, options);
            EventJson.Tags(json, report.Scope.Tags.Select(tag => KeyValuePair.Create(tag.Key, Scrub.IsSecretName(tag.Key) ? "[removed]" : Scrub.Text(tag.Value, 200, options.SendDefaultPii))));
            if (report.Scope.User is { Id: { } user })
            {
                json.WriteStartObject("user");
                json.WriteString("id", EventJson.Cut(user, 200));
                json.WriteEndObject();
            }

            Contexts(json, report, data);
            json.WriteStartArray("spans");
            foreach (var span in report.Spans) Span(json, span, report.Root, data);
            json.WriteEndArray();
            if (report.Dropped > 0)
            {
                json.WriteStartObject("extra");
                json.WriteNumber("callwatch.dropped_spans", report.Dropped);
                json.WriteEndObject();
            }

            json.WriteEndObject();
        }

        return bytes.ToArray();
    }

    private void Contexts(Utf8JsonWriter json, TransactionReport report, bool data)
    {
        json.WriteStartObject("contexts");
        json.WriteStartObject("trace");
        Ids(json, report.Root);
        if (report.Root.ParentSpanId != default) json.WriteString("parent_span_id", report.Root.ParentSpanId.ToHexString());
        var op = report.Scope.Request is null ? SpanWords.Op(report.Root) : "http.server";
        json.WriteString("op", op);
        json.WriteString("status", SpanWords.Status(report.Root, report.Scope.Request?.Status ?? 0));
        json.WriteString("origin", "auto.callwatch");
        Data(json, report.Root, op, data, report.Scope.Request);
        json.WriteEndObject();
        EventJson.Machine(json);
        json.WriteEndObject();
    }

    private void Span(Utf8JsonWriter json, Activity span, Activity root, bool data)
    {
        json.WriteStartObject();
        Ids(json, span);
        json.WriteString("parent_span_id", (span.ParentSpanId == default ? root.SpanId : span.ParentSpanId).ToHexString());
        var op = SpanWords.Op(span);
        json.WriteString("op", op);
        json.WriteString("description", Scrub.Text(Description(span, op), 500, options.SendDefaultPii));
        Times(json, span);
        json.WriteString("status", SpanWords.Status(span));
        json.WriteString("origin", "auto.callwatch");
        Data(json, span, op, data, null);
        json.WriteEndObject();
    }

    private static string Description(Activity span, string op) => SpanWords.Describe(span, op) is { Length: > 0 } text ? text : "unnamed";

    private static void Ids(Utf8JsonWriter json, Activity span)
    {
        json.WriteString("trace_id", span.TraceId.ToHexString());
        json.WriteString("span_id", span.SpanId.ToHexString());
    }

    private static void Times(Utf8JsonWriter json, Activity span)
    {
        json.WriteNumber("start_timestamp", EventJson.Seconds(span.StartTimeUtc));
        json.WriteNumber("timestamp", EventJson.Seconds(span.StartTimeUtc + span.Duration));
    }

    private void Data(Utf8JsonWriter json, Activity span, string op, bool all, RequestFacts? request)
    {
        json.WriteStartObject("data");
        var operation = SpanWords.OperationOf(op);
        if (operation is not null) json.WriteString("gen_ai.operation.name", operation);
        if (operation is "chat" or "generate_content" or "embeddings" or "rerank") json.WriteString("gen_ai.request.model", SpanWords.Text(span, "gen_ai.request.model"));
        if (request is not null)
        {
            json.WriteString("http.request.method", request.Method);
            if (request.Status > 0) json.WriteNumber("http.response.status_code", request.Status);
            if (request.Route is not null) json.WriteString("http.route", EventJson.Cut(request.Route, 500));
        }

        var count = 0;
        foreach (var (name, value) in span.EnumerateTagObjects())
        {
            if (!all || value is null || name is "gen_ai.operation.name" or "gen_ai.request.model" || ++count > MostData) continue;
            if (request is not null && name is "http.request.method" or "http.response.status_code" or "http.route") continue;
            if (Scrub.IsSecretName(name) || (!options.SendDefaultPii && Scrub.IsContentName(name))) continue;
            Value(json, name, value);
        }

        json.WriteEndObject();
    }

    // The same name twice would be two values for one: an activity has each once.
    private void Value(Utf8JsonWriter json, string name, object value)
    {
        switch (value)
        {
            case bool flag:
                json.WriteBoolean(name, flag);
                break;
            case int or long or short or byte or uint or ushort or sbyte:
                json.WriteNumber(name, Convert.ToInt64(value, CultureInfo.InvariantCulture));
                break;
            case double or float when double.IsFinite(Convert.ToDouble(value, CultureInfo.InvariantCulture)):
                json.WriteNumber(name, Convert.ToDouble(value, CultureInfo.InvariantCulture));
                break;
            case decimal number:
                json.WriteNumber(name, number);
                break;
            case string text:
                json.WriteString(name, Text(name, text));
                break;
            case IEnumerable<string> texts:
                json.WriteString(name, Text(name, string.Join(", ", texts.Take(50))));
                break;
        }
    }

    private string Text(string name, string text)
    {
        if (!options.SendDefaultPii && name is "url.full" or "http.url") text = Scrub.Address(text);
        else if (!options.SendDefaultPii && name is "db.query.text" or "db.statement") text = SpanWords.Statement(text);
        return Scrub.Text(text, MostOfValue, options.SendDefaultPii);
    }
}
