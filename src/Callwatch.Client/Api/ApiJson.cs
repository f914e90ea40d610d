using System.Text.Json;
using System.Text.Json.Serialization;

namespace Callwatch.Client.Api;

/// <summary>How the API's records are written: snake_case, unknown as <c>null</c>, money as exact numbers.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, Converters = [typeof(MoneyConverter)])]
[JsonSerializable(typeof(ApiRecordsTaken))]
[JsonSerializable(typeof(ApiFeedbackWish))]
[JsonSerializable(typeof(ApiPage<ApiSpan>))]
[JsonSerializable(typeof(ApiPage<ApiTraceSummary>))]
[JsonSerializable(typeof(ApiPage<ApiSession>))]
[JsonSerializable(typeof(ApiPage<ApiUser>))]
[JsonSerializable(typeof(ApiTrace))]
[JsonSerializable(typeof(ApiSpanDetails))]
[JsonSerializable(typeof(ApiStats))]
[JsonSerializable(typeof(ApiReferenceFigures))]
[JsonSerializable(typeof(ApiComparison))]
[JsonSerializable(typeof(ApiImported))]
[JsonSerializable(typeof(ApiPage<ApiFacetValue>))]
[JsonSerializable(typeof(ApiPage<ApiErrorGroup>))]
[JsonSerializable(typeof(ApiLookup))]
[JsonSerializable(typeof(ApiSystem))]
[JsonSerializable(typeof(ApiHealth))]
[JsonSerializable(typeof(ApiList<ApiAccessKey>))]
[JsonSerializable(typeof(ApiNewAccessKey))]
[JsonSerializable(typeof(ApiKeyWish))]
[JsonSerializable(typeof(ApiProblem))]
[JsonSerializable(typeof(ApiList<ApiApp>))]
[JsonSerializable(typeof(ApiList<ApiTenant>))]
[JsonSerializable(typeof(ApiNewName))]
[JsonSerializable(typeof(ApiPrices))]
[JsonSerializable(typeof(ApiOwnPrices))]
[JsonSerializable(typeof(ApiRetention))]
[JsonSerializable(typeof(ApiNewRetention))]
[JsonSerializable(typeof(ApiContinue))]
[JsonSerializable(typeof(ApiDoctor))]
[JsonSerializable(typeof(ApiBackupWish))]
[JsonSerializable(typeof(ApiBackup))]
[JsonSerializable(typeof(ApiBackupVerdict))]
[JsonSerializable(typeof(ApiRestored))]
[JsonSerializable(typeof(ApiContinued))]
[JsonSerializable(typeof(string))]
[JsonSerializable(typeof(ApiReindex))]
[JsonSerializable(typeof(ApiReindexWish))]
[JsonSerializable(typeof(ApiReprice))]
[JsonSerializable(typeof(ApiRepriceWish))]
[JsonSerializable(typeof(ApiList<ApiReprice>))]
[JsonSerializable(typeof(ApiMonthCost))]
[JsonSerializable(typeof(ApiWhatIf))]
[JsonSerializable(typeof(ApiLostCaching))]
[JsonSerializable(typeof(ApiCoverage))]
[JsonSerializable(typeof(ApiReconcileImport))]
[JsonSerializable(typeof(ApiList<ApiReconcileImport>))]
[JsonSerializable(typeof(ApiReconciliation))]
[JsonSerializable(typeof(ApiSecrets))]
[JsonSerializable(typeof(ApiRotationWish))]
[JsonSerializable(typeof(ApiRotation))]
[JsonSerializable(typeof(ApiList<ApiDestinationKind>))]
[JsonSerializable(typeof(ApiList<ApiDestination>))]
[JsonSerializable(typeof(ApiDestination))]
[JsonSerializable(typeof(ApiDestinationWish))]
[JsonSerializable(typeof(ApiDestinationStatus))]
[JsonSerializable(typeof(ApiDestinationCheck))]
[JsonSerializable(typeof(ApiReplayWish))]
[JsonSerializable(typeof(ApiReplay))]
[JsonSerializable(typeof(ApiList<ApiReplay>))]
[JsonSerializable(typeof(ApiList<ApiDeadLetter>))]
[JsonSerializable(typeof(ApiLetterChoice))]
[JsonSerializable(typeof(ApiLetterCount))]
[JsonSerializable(typeof(ApiTracing))]
[JsonSerializable(typeof(ApiTracingWish))]
[JsonSerializable(typeof(ApiList<ApiView>))]
[JsonSerializable(typeof(ApiView))]
[JsonSerializable(typeof(ApiViewWish))]
[JsonSerializable(typeof(ApiList<ApiSignIn>))]
[JsonSerializable(typeof(ApiList<ApiAuditRow>))]
public sealed partial class ApiJson : JsonSerializerContext;

/// <summary>Money as a JSON number: exact, at most 12 decimals, no trailing zeros.</summary>
internal sealed class MoneyConverter : JsonConverter<decimal>
{
    public override decimal Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => reader.GetDecimal();

    // Dividing by a one of full scale drops trailing zeros. Most have none, and dividing takes longer than writing.
    public override void Write(Utf8JsonWriter writer, decimal value, JsonSerializerOptions options) =>
        writer.WriteNumberValue(IsShort(value) ? value : Math.Round(value, Decimals, MidpointRounding.AwayFromZero) / 1.0000000000000000000000000000m);

    private const int Decimals = 12;

    private static bool IsShort(decimal value)
    {
        if (value.Scale is 0 or > Decimals) return value.Scale == 0;
        Span<int> parts = stackalloc int[4];
        decimal.GetBits(value, parts);
        return parts[2] == 0 && (((ulong)(uint)parts[1] << 32) | (uint)parts[0]) % 10 != 0;
    }
}
