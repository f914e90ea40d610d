namespace Callwatch.Testing.StandIns;

/// <summary>What a stand-in refuses, with the status and the words the platform has for it.</summary>
internal sealed class WireRefusal(int status, string message) : Exception(message)
{
    public int Status { get; } = status;
}
