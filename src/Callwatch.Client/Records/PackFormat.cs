using System.Text.Json;
using Callwatch.Client.Spooling;

namespace Callwatch.Client.Records;

/// <summary>Packs as they wait in a folder: <c>.records.json</c> holds a list, <c>.feedback.json</c> a judgement, each as the body of its request.</summary>
internal sealed class PackFormat(Tally tally) : ISpoolFormat<RecordPack>
{
    private const string Records = "records.json";
    private const string Feedback = "feedback.json";

    public string EndingOf(RecordPack item) => item.IsFeedback ? Feedback : Records;

    public bool Knows(string ending) => ending is Records or Feedback;

    public byte[] Write(RecordPack item) => item.ToBody();

    public RecordPack? Read(byte[] kept, string ending)
    {
        try
        {
            using var json = JsonDocument.Parse(kept);
            if (ending == Feedback) return json.RootElement.ValueKind == JsonValueKind.Object ? new RecordPack(true, [kept]) : null;
            return json.RootElement.ValueKind == JsonValueKind.Array && json.RootElement.GetArrayLength() > 0
                ? new RecordPack(false, [.. json.RootElement.EnumerateArray().Select(item => System.Text.Encoding.UTF8.GetBytes(item.GetRawText()))])
                : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    public int CountOf(RecordPack item) => item.Items.Count;

    public void Lost(SpoolLoss why, string ending, int count) => tally.Dropped(why == SpoolLoss.Full ? Drop.SpoolFull : Drop.Unreadable, count);

    public void Unusable(Exception why) => RecordEvents.Log.SpoolUnusable(why.GetType().Name);
}
