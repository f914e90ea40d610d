using System.Text.Json.Nodes;
using Xunit;

namespace Callwatch.Server.Tests.Destinations;

/// <summary>A server, and destinations to make there.</summary>
public sealed class DestinationWorld : IAsyncLifetime
{
    public const string Secret = "sk-lf-not-to-be-seen-again";

    public RunningServer Server { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Server = await Forwarding.ServerAsync();

    public ValueTask DisposeAsync() => Server.DisposeAsync();

    internal static JsonObject Langfuse(string name, params (string Name, JsonNode? Value)[] more)
    {
        var destination = new JsonObject { ["name"] = name, ["kind"] = "langfuse", ["config"] = new JsonObject { ["public_key"] = "pk-lf-1", ["secret_key"] = Secret } };
        foreach (var (field, value) in more) destination[field] = value;
        return destination;
    }
}
