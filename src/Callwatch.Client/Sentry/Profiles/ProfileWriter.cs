using System.Globalization;
using System.Text.Json;
using Callwatch.Client.Sentry.Envelopes;
using Callwatch.Client.Sentry.Errors;

namespace Callwatch.Client.Sentry.Profiles;

/// <summary>A profile in Sentry's "sample format", version 1.</summary>
internal static class ProfileWriter
{
    public static byte[] Json(Profile profile, string transactionId, string traceId, string name, SentryOptions options)
    {
        var frames = new List<Frame>();
        var frameIds = new Dictionary<Place, int>();
        var names = new Frames(options.NotInApp);
        var stacks = new List<int[]>();
        var stackIds = new Dictionary<int, int>();
        foreach (var id in profile.Samples.Select(sample => sample.Stack).Distinct())
        {
            stackIds[id] = stacks.Count;
            stacks.Add([.. profile.Stacks[id].Select(FrameOf)]);
        }

        int FrameOf(Place place)
        {
            if (frameIds.TryGetValue(place, out var known)) return known;
            frames.Add(names.Named(Plain(place.Type), place.Name, place.Assembly) with { File = place.File, Line = place.Line });
            return frameIds[place] = frames.Count - 1;
        }

        using var bytes = new MemoryStream(16_384);
        using (var json = new Utf8JsonWriter(bytes, EventJson.Options))
        {
            json.WriteStartObject();
            json.WriteString("version", "1");
            json.WriteString("event_id", EventJson.NewId());
            json.WriteString("timestamp", profile.Began.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture));
            json.WriteString("platform", "csharp");
            json.WriteString("release", options.Release ?? "");
            json.WriteString("environment", options.Environment);
            EventJson.Machine(json);
            json.WriteStartObject("device");
            json.WriteString("architecture", EventJson.Architecture);
            json.WriteEndObject();
            json.WriteStartObject("transaction");
            json.WriteString("id", transactionId);
            json.WriteString("name", name);
            json.WriteString("trace_id", traceId);
            json.WriteString("active_thread_id", Id(profile.ActiveThread));
            json.WriteEndObject();
            json.WriteStartObject("profile");
            json.WriteStartArray("samples");
            foreach (var (thread, nanoseconds, stack) in profile.Samples)
            {
                json.WriteStartObject();
                json.WriteString("elapsed_since_start_ns", nanoseconds.ToString(CultureInfo.InvariantCulture));
                json.WriteNumber("stack_id", stackIds[stack]);
                json.WriteString("thread_id", Id(thread));
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteStartArray("stacks");
            foreach (var stack in stacks)
            {
                json.WriteStartArray();
                foreach (var frame in stack) json.WriteNumberValue(frame);
                json.WriteEndArray();
            }

            json.WriteEndArray();
            json.WriteStartArray("frames");
            foreach (var frame in frames) FrameJson.Write(json, frame);
            json.WriteEndArray();
            json.WriteStartObject("thread_metadata");
            foreach (var thread in profile.Samples.Select(sample => sample.Thread).Distinct())
            {
                json.WriteStartObject(Id(thread));
                json.WriteString("name", thread == profile.ActiveThread ? "busiest" : "thread " + Id(thread));
                json.WriteEndObject();
            }

            json.WriteEndObject();
            json.WriteEndObject();
            json.WriteEndObject();
        }

        return bytes.ToArray();
    }

    private static string Id(long thread) => ((ulong)thread).ToString(CultureInfo.InvariantCulture);

    // "System.Collections.Generic.List`1[System.__Canon]"
    private static string Plain(string type) => type.IndexOf('[', StringComparison.Ordinal) is >= 0 and var at ? type[..at] : type;
}
