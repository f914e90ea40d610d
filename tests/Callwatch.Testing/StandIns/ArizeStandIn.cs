namespace Callwatch.Testing.StandIns;

/// <summary>
/// The receiver of Arize AX: OTLP in protobuf over HTTP or gRPC with an API key and a space id, spans that name their project. A span that its screens could not show is refused here,
/// for the platform would take it and show nothing.
/// </summary>
public sealed class ArizeStandIn : OtlpStandIn
{
    public const string ApiKey = "ak-1234567890";
    public const string SpaceId = "U3BhY2U6MTIz";

    public ArizeStandIn()
    {
        Keys = new Dictionary<string, string> { ["arize-api-key"] = ApiKey, ["arize-space-id"] = SpaceId };
        Types = ["application/x-protobuf"];
    }

    protected override void Check(IReadOnlyList<WireSpan> request)
    {
        foreach (var span in request)
        {
            if (span.Resource.Find("openinference.project.name") is not string { Length: > 0 } && span.Resource.Find("model_id") is not string { Length: > 0 })
                throw new WireException("resource: neither openinference.project.name nor model_id");
            if (span.Resource.All.Any(pair => pair.Value is not string)) throw new WireException("resource: its attributes are texts");
            OpenInferenceRules.Check(span);
        }
    }
}
