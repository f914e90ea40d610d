using Callwatch.Spans;

namespace Callwatch.Tests.Normalize.Pricing;

/// <summary>Calls to price.</summary>
internal static class A
{
    /// <summary>By the usage keys of the price data.</summary>
    public static LlmCall Usage(IReadOnlyDictionary<string, decimal> counts)
    {
        string[] known =
        [
            "input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens", "cache_write_1h_tokens", "output_reasoning_tokens",
            "input_audio_tokens", "output_audio_tokens", "input_image_tokens", "input_video_tokens",
        ];
        return new LlmCall
        {
            Source = CallSource.Recorded,
            Usage = new TokenUsage
            {
                Input = Of("input_tokens"),
                Output = Of("output_tokens"),
                CacheRead = Of("cache_read_tokens"),
                CacheWrite = Of("cache_write_tokens"),
                CacheWrite1h = Of("cache_write_1h_tokens"),
                Reasoning = Of("output_reasoning_tokens"),
                AudioInput = Of("input_audio_tokens"),
                AudioOutput = Of("output_audio_tokens"),
                ImageInput = Of("input_image_tokens"),
                VideoInput = Of("input_video_tokens"),
                Others = counts.Where(pair => !known.Contains(pair.Key)).ToDictionary(pair => pair.Key, pair => pair.Value),
            },
        };

        long? Of(string key) => counts.TryGetValue(key, out var count) ? (long)count : null;
    }

    public static LlmCall Call(string? provider, string? model, long? input = 1000, long? output = 100) => new()
    {
        Source = CallSource.Recorded,
        Provider = provider,
        ResponseModel = model,
        Usage = new TokenUsage { Input = input, Output = output },
    };

    public static Timestamp At(string time) => Timestamp.TryParse(time, out var at) ? at : throw new FormatException(time);

    public static readonly Timestamp Now = At("2026-09-01T12:00:00Z");
}
