using Callwatch.Client.Records;

namespace Callwatch.Client.Hosting;

/// <summary>The recorder as a part: it ends with the others, so that their times do not add up.</summary>
internal sealed class RecorderPart(Recorder recorder) : IClientPart
{
    public string Name => "The recorder of business traces";

    public void Start()
    {
        recorder.IsPart = true;
        recorder.Begin();
    }

    public Task StopAsync(TimeSpan within, CancellationToken cancel) => recorder.EndAsync(within, cancel);
}
