using Callwatch.Normalize.Reading;

namespace Callwatch.Normalize.Fields;

/// <summary>
/// Langfuse's usage details: <c>input</c> and <c>output</c> with parts beside them, which are inside where the total says so
/// (genai-attributes, section 5.1, rule 1).
/// </summary>
internal static class LangfuseTokens
{
    /// <summary>Null when there are none.</summary>
    public static TokenCounts? Read(JsonView usage)
    {
        if (usage.Form != JsonForm.Object) return null;
        var counts = default(TokenCounts);
        long inputParts = 0, outputParts = 0;
        foreach (var property in usage.Properties)
        {
            if (new WireValue(property.Value).Count() is not { } count) continue;
            var key = property.KeyBytes;
            if (key.SequenceEqual("input"u8) || key.SequenceEqual("input_tokens"u8) || key.SequenceEqual("prompt_tokens"u8)) counts.Input ??= count;
            else if (key.SequenceEqual("output"u8) || key.SequenceEqual("output_tokens"u8) || key.SequenceEqual("completion_tokens"u8)) counts.Output ??= count;
            else if (key.SequenceEqual("total"u8) || key.SequenceEqual("total_tokens"u8)) counts.Total ??= count;
            else if (key.IndexOf("_prediction_"u8) >= 0) continue;
            else if (key.StartsWith("input_"u8) || key.StartsWith("cache_"u8)) inputParts += InputPart(ref counts, key, count);
            else if (key.StartsWith("output_"u8)) outputParts += OutputPart(ref counts, key, count);
            else TokenExtras.AddOther(ref counts.Others, key, count);
        }

        if (counts is { Input: null, Output: null, Total: null } && inputParts + outputParts == 0) return null;
        if (counts.Total == (counts.Input ?? 0) + (counts.Output ?? 0) && counts.Total is not null) return counts;
        if (counts.Input is not null || inputParts > 0) counts.Input = (counts.Input ?? 0) + inputParts;
        if (counts.Output is not null || outputParts > 0) counts.Output = (counts.Output ?? 0) + outputParts;
        return counts;
    }

    private static long InputPart(ref TokenCounts counts, ReadOnlySpan<byte> key, long count)
    {
        if (key.IndexOf("creation"u8) >= 0 || key.IndexOf("write"u8) >= 0)
        {
            if (key.IndexOf("1h"u8) >= 0) counts.CacheWrite1h = (counts.CacheWrite1h ?? 0) + count;
            counts.CacheWrite = (counts.CacheWrite ?? 0) + count;
        }
        else if (key.IndexOf("cache"u8) >= 0) counts.CacheRead = (counts.CacheRead ?? 0) + count;
        else if (key.IndexOf("audio"u8) >= 0) counts.AudioInput = (counts.AudioInput ?? 0) + count;
        else if (key.IndexOf("image"u8) >= 0) counts.ImageInput = (counts.ImageInput ?? 0) + count;
        else if (key.IndexOf("video"u8) >= 0) counts.VideoInput = (counts.VideoInput ?? 0) + count;
        else TokenExtras.AddOther(ref counts.Others, key, count);
        return count;
    }

    private static long OutputPart(ref TokenCounts counts, ReadOnlySpan<byte> key, long count)
    {
        if (key.IndexOf("reasoning"u8) >= 0) counts.Reasoning = (counts.Reasoning ?? 0) + count;
        else if (key.IndexOf("audio"u8) >= 0) counts.AudioOutput = (counts.AudioOutput ?? 0) + count;
        else TokenExtras.AddOther(ref counts.Others, key, count);
        return count;
    }
}
