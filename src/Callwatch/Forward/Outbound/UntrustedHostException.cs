using System.Globalization;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;

namespace Callwatch.Forward.Outbound;

/// <summary>A host whose certificate is not believed: nothing was sent to it. The message is for people.</summary>
internal sealed class UntrustedHostException(string message) : Exception(message)
{
    public const string Advice =
        "If the platform is your own, name the authority that signed its certificate in Callwatch:Forward:CaFile (or in tls_ca of an otlp destination); if not, somebody may stand in between. It is tried again by itself.";

    public static string WordsOf(X509Certificate2? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        if (certificate is null || errors.HasFlag(SslPolicyErrors.RemoteCertificateNotAvailable)) return "No secure connection: the host shows no certificate.";
        var statuses = chain?.ChainStatus.Aggregate(X509ChainStatusFlags.NoError, (all, one) => all | one.Status) ?? X509ChainStatusFlags.NoError;
        List<string> why = [];
        if (errors.HasFlag(SslPolicyErrors.RemoteCertificateNameMismatch)) why.Add("it is for another name");
        if (statuses.HasFlag(X509ChainStatusFlags.NotTimeValid))
            why.Add(string.Create(CultureInfo.InvariantCulture, $"it, or one that signed it, is not valid now (its own time is {certificate.NotBefore.ToUniversalTime():yyyy-MM-dd} to {certificate.NotAfter.ToUniversalTime():yyyy-MM-dd})"));
        if (statuses.HasFlag(X509ChainStatusFlags.Revoked)) why.Add("it was revoked");
        if ((statuses & (X509ChainStatusFlags.UntrustedRoot | X509ChainStatusFlags.PartialChain)) != X509ChainStatusFlags.NoError)
            why.Add(certificate.SubjectName.RawData.AsSpan().SequenceEqual(certificate.IssuerName.RawData) ? "it has signed itself" : "no authority that this machine knows has signed it");
        return $"No secure connection: the host's certificate is not trusted, {(why.Count == 0 ? "it is not sound" : string.Join(", and ", why))}.";
    }
}
