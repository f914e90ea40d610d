using System.Text;
using Callwatch.Control;
using Callwatch.Receive.Otlp;

namespace Callwatch.Receive;

/// <summary>
/// Whose what a sender sends is: the app of its key; where it may name one, what each resource says of itself (architecture, section 3.1).
/// Ids of customers inside the attributes of spans never decide it.
/// </summary>
internal sealed class Owners(IAppDirectory apps, Sender sender) : IOwners
{
    private const string Default = "default";
    private const int LongestNameBytes = 1024;

    private int? appOfKey;

    public int AppOf(ReadOnlySpan<byte> envelope)
    {
        if (sender.AppId is { } fixedApp) return fixedApp;
        if (sender.MayNameApp) return apps.AppIdOf(sender.TenantId, NameIn(envelope) ?? Default);
        return appOfKey ??= apps.AppIdOf(sender.TenantId, Default);
    }

    /// <summary>The app that spans are of whose sender may name it.</summary>
    public static string NameOf(ReadOnlySpan<byte> envelope) => NameIn(envelope) ?? Default;

    private static string? NameIn(ReadOnlySpan<byte> envelope)
    {
        string? own = null, service = null, space = null, dify = null, project = null;
        foreach (var attribute in new OtlpAttributes(OtlpSpan.FirstBytes(envelope, 1), field: 1))
        {
            if (attribute.Value.Type != OtlpValueType.String) continue;
            var key = attribute.Key;
            if (key.SequenceEqual("callwatch.app"u8)) own = Text(attribute.Value);
            else if (key.SequenceEqual("service.name"u8)) service = Text(attribute.Value);
            else if (key.SequenceEqual("service.namespace"u8)) space = Text(attribute.Value);
            else if (key.SequenceEqual("dify.app_id"u8)) dify = Text(attribute.Value);
            else if (key.SequenceEqual("openinference.project.name"u8)) project = Text(attribute.Value);
        }

        // What an SDK puts there when nobody has named the service; with the name of the program behind it.
        if (service?.StartsWith("unknown_service", StringComparison.Ordinal) == true) service = null;
        return own ?? (service is null ? null : space is null ? service : space + "/" + service) ?? dify ?? DifyAppIn(envelope) ?? project;
    }

    /// <summary>Dify writes its app on the spans of a run, not on the resource.</summary>
    private static string? DifyAppIn(ReadOnlySpan<byte> envelope)
    {
        if (envelope.IndexOf("dify.app_id"u8) < 0) return null;
        var scopes = new ProtobufReader(envelope);
        while (scopes.Read())
        {
            if (scopes is not { Field: 2, Type: WireType.Bytes }) continue;
            var spans = new ProtobufReader(scopes.Bytes);
            while (spans.Read())
            {
                if (spans is not { Field: 2, Type: WireType.Bytes }) continue;
                foreach (var attribute in new OtlpAttributes(spans.Bytes, field: 9))
                    if (attribute.Key.SequenceEqual("dify.app_id"u8) && attribute.Value.Type == OtlpValueType.String && Text(attribute.Value) is { } app) return app;
            }
        }

        return null;
    }

    private static string? Text(OtlpValue value)
    {
        var text = Encoding.UTF8.GetString(value.Raw[..Math.Min(value.Raw.Length, LongestNameBytes)]).Trim();
        return text.Length == 0 ? null : text;
    }
}
