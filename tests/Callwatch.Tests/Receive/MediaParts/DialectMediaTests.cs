using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Callwatch.Spans;
using Callwatch.Testing;
using Callwatch.Tests.Normalize;
using Xunit;

namespace Callwatch.Tests.Receive.MediaParts;

/// <summary>Each dialect's way to write media into a message: taken out, and still a part of the message for whoever opens it.</summary>
public sealed class DialectMediaTests
{
    private static readonly byte[] Image = TakenOut.Png(3000);
    private static readonly byte[] Sound = TakenOut.Noise(3001);
    private static readonly string Base64 = Convert.ToBase64String(Image);
    private static readonly string Base64Sound = Convert.ToBase64String(Sound);
    private static readonly string Url = "data:image/png;base64," + Base64;

    public static TheoryData<string, string, string, string, bool> Forms()
    {
        var forms = new TheoryData<string, string, string, string, bool>();
        void Add(string name, string key, string value, string type = "image", bool sound = false) => forms.Add(name, key, value, type, sound);

        Add("GenAI blob", "gen_ai.input.messages", Message("parts", new JsonObject { ["type"] = "blob", ["modality"] = "image", ["mime_type"] = "image/png", ["content"] = Base64 }));
        Add("GenAI blob of sound", "gen_ai.input.messages", Message("parts", new JsonObject { ["type"] = "blob", ["modality"] = "audio", ["mime_type"] = "audio/x-own", ["content"] = Base64Sound }), "audio", sound: true);
        Add("GenAI uri", "gen_ai.input.messages", Message("parts", new JsonObject { ["type"] = "uri", ["modality"] = "image", ["uri"] = Url }));
        Add("OpenAI chat", "input.value", Request(new JsonObject { ["type"] = "image_url", ["image_url"] = new JsonObject { ["url"] = Url, ["detail"] = "high" } }));
        Add("OpenAI responses", "input.value", Request(new JsonObject { ["type"] = "input_image", ["image_url"] = Url }));
        Add("OpenAI sound", "input.value", Request(new JsonObject { ["type"] = "input_audio", ["input_audio"] = new JsonObject { ["data"] = Base64Sound, ["format"] = "wav" } }), "audio", sound: true);
        Add("Anthropic", "input.value", Request(new JsonObject { ["type"] = "image", ["source"] = new JsonObject { ["type"] = "base64", ["media_type"] = "image/png", ["data"] = Base64 } }));
        Add("Gemini", "gcp.vertex.agent.llm_request", Message("parts", new JsonObject { ["inlineData"] = new JsonObject { ["mimeType"] = "image/png", ["data"] = Base64 } }));
        Add("Gemini, URL-safe", "gcp.vertex.agent.llm_request", Message("parts", new JsonObject { ["inline_data"] = new JsonObject { ["mime_type"] = "image/png", ["data"] = Base64.Replace('+', '-').Replace('/', '_') } }));
        Add("Vercel AI SDK 4", "ai.prompt.messages", Message("content", new JsonObject { ["type"] = "image", ["image"] = Base64, ["mimeType"] = "image/png" }));
        Add("Vercel AI SDK 5", "ai.prompt.messages", Message("content", new JsonObject { ["type"] = "file", ["data"] = Base64, ["mediaType"] = "image/png" }));
        Add("Traceloop", "gen_ai.prompt.0.content", "[" + new JsonObject { ["type"] = "image_url", ["image_url"] = new JsonObject { ["url"] = Url } }.ToJsonString(Plain) + "]");
        Add("Langfuse", "langfuse.observation.input", Request(new JsonObject { ["type"] = "image_url", ["image_url"] = new JsonObject { ["url"] = Url } }));
        return forms;
    }

    [Theory]
    [MemberData(nameof(Forms))]
    public void Media_in_a_message_become_a_reference_and_stay_a_part_of_it(string name, string key, string value, string type, bool sound)
    {
        Assert.NotEmpty(name);
        var request = A.Traces(A.Span("chat").With("gen_ai.operation.name", "chat").With(key, value));
        var bytes = sound ? Sound : Image;
        var taken = TakenOut.Of(request);
        Assert.Equal(bytes, Assert.Single(taken.Media).Value);
        Assert.DoesNotContain(sound ? Base64Sound : Base64, Encoding.UTF8.GetString(taken.Payload), StringComparison.Ordinal);
        using var json = JsonDocument.Parse(taken.Text(key)!);
        var part = Assert.Single(MessagesOf(taken.Payload).SelectMany(message => message.Parts), part => part.Media is not null);
        Assert.Equal((type, taken.Media.Keys.Single(), bytes.Length), (part.Type, part.Media!.Hash.ToString(), part.Media.SizeBytes));
        Assert.StartsWith(type + "/", part.MimeType, StringComparison.Ordinal);
    }

    [Fact]
    public void OpenInference_images_and_sound_stand_in_attributes_of_their_own()
    {
        const string Parts = "llm.input_messages.0.message.contents.";
        var taken = TakenOut.Of(A.Traces(A.Span("chat").With("openinference.span.kind", "LLM").With("llm.input_messages.0.message.role", "user")
            .With(Parts + "0.message_content.type", "text").With(Parts + "0.message_content.text", "what is this?")
            .With(Parts + "1.message_content.type", "image").With(Parts + "1.message_content.image.image.url", Url)
            .With(Parts + "2.message_content.type", "audio").With(Parts + "2.message_content.audio.audio.url", "data:audio/wav;base64," + Base64Sound)));
        Assert.Equal(2, taken.Media.Count);
        var parts = Assert.Single(MessagesOf(taken.Payload)).Parts;
        Assert.Equal(["text", "image", "audio"], parts.Select(part => part.Type));
        Assert.Equal(["image/png", "audio/wav"], parts.Skip(1).Select(part => part.Media!.MimeType));
    }

    [Fact]
    public void Log_events_hold_structured_parts_whose_bytes_may_be_bytes()
    {
        var taken = TakenOut.Of(
            A.Logs(A.Log("gen_ai.user.message").Body(new Dictionary<string, object?>
            {
                ["content"] = new object?[]
                {
                    new Dictionary<string, object?> { ["type"] = "blob", ["mime_type"] = "audio/x-own", ["content"] = Sound },
                    new Dictionary<string, object?> { ["type"] = "blob", ["mime_type"] = "audio/x-own", ["data"] = Convert.ToBase64String(TakenOut.Noise(2000, seed: 2)) },
                    new Dictionary<string, object?> { ["type"] = "image_url", ["image_url"] = new Dictionary<string, object?> { ["url"] = Url } },
                },
            })),
            logs: true);
        Assert.Equal(3, taken.Media.Count);
        var text = Encoding.UTF8.GetString(taken.Payload);
        Assert.Contains(TakenOut.Reference(Sound, "audio/x-own"), text, StringComparison.Ordinal);
        Assert.Contains(TakenOut.Reference(TakenOut.Noise(2000, seed: 2), "audio/x-own"), text, StringComparison.Ordinal);
        Assert.Contains(TakenOut.Reference(Image, "image/png"), text, StringComparison.Ordinal);
    }

    private static JsonSerializerOptions Plain { get; } = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private static string Message(string field, JsonObject part) =>
        new JsonArray(new JsonObject { ["role"] = "user", [field] = new JsonArray(new JsonObject { ["type"] = "text", ["text"] = "see", ["content"] = "see" }, part) }).ToJsonString();

    private static string Request(JsonObject part) =>
        new JsonObject { ["model"] = "m", ["messages"] = new JsonArray(new JsonObject { ["role"] = "user", ["content"] = new JsonArray(part) }) }.ToJsonString(Plain);

    private static IReadOnlyList<ChatMessage> MessagesOf(byte[] payload) => Normalized.Content(payload).InputMessages;
}
